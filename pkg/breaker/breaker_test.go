package breaker

import (
	"testing"
	"time"
)

// store is a store that is called by way of a Breaker.
type store struct {
	*testing.T
	*Breaker
	now time.Time
}

func newStore(t *testing.T) *store {
	s := &store{T: t, now: time.Unix(1_800_000_000, 0)}
	s.Breaker = New(func() time.Time { return s.now })
	return s
}

func (s *store) call(answered bool) {
	s.Helper()
	call, ok := s.Begin()
	if !ok {
		s.Fatal("it may not be called")
	}
	call.Ended(answered)
}

func (s *store) mayNotBeCalled(why string) {
	s.Helper()
	if _, ok := s.Begin(); ok || s.IsClosed() {
		s.Errorf("it is called, %s", why)
	}
}

func TestThreeCallsWithoutAnAnswerOpenIt(t *testing.T) {
	s := newStore(t)
	s.call(false)
	s.call(false)
	s.call(true)
	s.call(false)
	s.call(false)
	if !s.IsClosed() {
		t.Fatal("an answer in between does not count")
	}
	s.call(false)
	s.mayNotBeCalled("after three")
	s.now = s.now.Add(OpenFor - 1)
	s.mayNotBeCalled("before ten seconds are over")
}

func TestOneProbeAtATimeClosesItOrLeavesItOpen(t *testing.T) {
	s := newStore(t)
	for range OpensAfter {
		s.call(false)
	}
	for range 3 {
		s.now = s.now.Add(OpenFor)
		probe, ok := s.Begin()
		if !ok || !probe.Probe {
			t.Fatalf("%+v, %t", probe, ok)
		}
		s.mayNotBeCalled("while a probe is under way")
		probe.Ended(false)
		s.mayNotBeCalled("after a probe without an answer")
	}
	s.now = s.now.Add(OpenFor)
	s.call(true)
	for range 2 {
		call, ok := s.Begin()
		if !ok || call.Probe || call.First || !s.IsClosed() {
			t.Errorf("after the answer: %+v, %t", call, ok)
		}
	}
}

func TestACallThatInsistsIsMadeAndItsAnswerCounts(t *testing.T) {
	s := newStore(t)
	if call, _ := s.Begin(); !call.First {
		t.Error("the first call is not the first")
	}
	for range OpensAfter {
		s.call(false)
	}
	call := s.Insist()
	s.mayNotBeCalled("by others")
	if call.Probe || !call.First {
		t.Errorf("%+v", call)
	}
	call.Ended(true)
	s.call(true)
}
