package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/breaker"
	"trunkline/pkg/each"
)

const (
	// slowAfter is how long a store may complete no write before the spill to the other store begins.
	slowAfter = 400 * time.Millisecond
	// firstSlowAfter is slowAfter of a store that has never answered: connections are made first.
	firstSlowAfter = 1200 * time.Millisecond
	// probeSlowAfter is slowAfter of a store that has not answered lately.
	probeSlowAfter = 60 * time.Millisecond
)

var (
	errOpen    = errors.New("the store was not called, since it has not answered lately")
	errPending = errors.New("the write has not ended")
)

// side is the writing of a delivery to one of the two stores. What this store does not take in time is
// spilled to the other one.
type side struct {
	breaker *breaker.Breaker
	groups  [][]*item // each is written by one call
	write   func(context.Context, []*item) error
	spill   func(context.Context, []archive.Envelope) error
	result  func(*item) *error // of writing the item to this store

	call    breaker.Call
	allowed bool
	mu      sync.Mutex    // guards the results until ended
	moved   chan struct{} // has a value after a write
	ended   chan struct{} // closed after all writes
}

// writeBoth writes to both stores concurrently. If neither has answered lately, both are called
// nevertheless. When it returns, no write is running.
func writeBoth(ctx context.Context, a, b *side) {
	a.begin()
	b.begin()
	if !a.allowed && !b.allowed {
		a.insist()
		b.insist()
	}
	var both sync.WaitGroup
	both.Go(func() { a.run(ctx, b) })
	both.Go(func() { b.run(ctx, a) })
	both.Wait()
}

// begin asks the breaker. A store that gets nothing is still the one to spill to.
func (s *side) begin() {
	s.moved, s.ended = make(chan struct{}, 1), make(chan struct{})
	if len(s.groups) == 0 {
		s.allowed = s.breaker.IsClosed()
		return
	}
	s.call, s.allowed = s.breaker.Begin()
	s.setAll(errPending)
}

func (s *side) insist() {
	if len(s.groups) > 0 {
		s.call = s.breaker.Insist()
	}
	s.allowed = true
}

// run writes, and spills to the other store what fails or is slow.
func (s *side) run(ctx context.Context, other *side) {
	switch {
	case len(s.groups) == 0:
		close(s.ended)
	case !s.allowed:
		s.setAll(errOpen)
		close(s.ended)
		s.spillTo(ctx, other, func() {})
	default:
		within, giveUp := context.WithTimeout(ctx, storeWithin)
		defer giveUp()
		go s.writeAll(within)
		isSlow := s.isSlow()
		s.spillTo(ctx, other, giveUp)
		<-s.ended
		s.call.Ended(!isSlow || len(s.unwritten()) == 0)
	}
}

// writeAll writes the groups, and closes ended.
func (s *side) writeAll(ctx context.Context) {
	defer close(s.ended)
	each.Concurrently(atOnce, len(s.groups), func(i int) {
		s.set(s.groups[i], s.write(ctx, s.groups[i]))
		select {
		case s.moved <- struct{}{}:
		default:
		}
	})
}

// isSlow waits until all writes have ended, or none has for a while. Then it returns true.
func (s *side) isSlow() bool {
	after := slowAfter
	if s.call.First {
		after = firstSlowAfter
	}
	if s.call.Probe {
		after = probeSlowAfter
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	for {
		select {
		case <-s.ended:
			return false
		case <-s.moved:
			timer.Reset(after)
		case <-timer.C:
			return true
		}
	}
}

// spillTo spills what is not written to the other store, once that has ended its own writes. What both
// failed to take is not spilled: the PBX must send the delivery again. If the spill is durable first,
// spillTo calls giveUp. If the writes are, it cancels the spill.
func (s *side) spillTo(ctx context.Context, other *side, giveUp func()) {
	rest := s.rest(other)
	if len(rest) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, spillWithin)
	defer cancel()
	var watch sync.WaitGroup
	defer watch.Wait()
	watch.Go(func() {
		select {
		case <-s.ended:
			if len(s.unwritten()) == 0 {
				cancel()
			}
		case <-ctx.Done():
		}
	})
	envelopes := make([]archive.Envelope, len(rest))
	for i, p := range rest {
		envelopes[i] = p.Envelope
	}
	if s.spill(ctx, envelopes) == nil {
		for _, p := range rest {
			p.spilled = true
		}
		giveUp()
	}
	cancel()
}

// rest waits until it is known what to spill: what is not written, and the other store has.
func (s *side) rest(other *side) []*item {
	select {
	case <-s.ended:
		if len(s.unwritten()) == 0 {
			return nil
		}
		<-other.ended
	case <-other.ended:
	}
	rest := s.unwritten()
	if other.lacks(rest) {
		<-s.ended
		rest = s.unwritten()
	}
	if other.lacks(rest) {
		return nil
	}
	return rest
}

// unwritten returns the items that this store has not taken so far.
func (s *side) unwritten() (rest []*item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, group := range s.groups {
		for _, p := range group {
			if *s.result(p) != nil {
				rest = append(rest, p)
			}
		}
	}
	return rest
}

// lacks reports whether this store has not taken some of the items.
func (s *side) lacks(items []*item) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range items {
		if *s.result(p) != nil {
			return true
		}
	}
	return false
}

func (s *side) setAll(err error) {
	for _, group := range s.groups {
		s.set(group, err)
	}
}

// set keeps the result of a write.
func (s *side) set(group []*item, err error) {
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("it was given up, since the other store took it: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range group {
		*s.result(p) = err
	}
}
