// Package breaker stops calls of a store that does not answer, for a while. So events need not wait
// for it.
//
// Three calls in a row without an answer open the Breaker for 10 seconds. Then one call at a time is a
// probe: its answer closes the Breaker, and without one the Breaker stays open for 10 seconds more. An
// error is an answer, too: a store that refuses a call costs no time.
//
// It knows neither stores nor their errors. The caller says whether there was an answer.
package breaker

import (
	"sync"
	"time"
)

const (
	// OpensAfter is how many calls in a row without an answer open a Breaker.
	OpensAfter = 3
	// OpenFor is how long a Breaker stays open before a probe.
	OpenFor = 10 * time.Second
)

// Breaker decides whether a store is called. It is safe for concurrent use.
type Breaker struct {
	now      func() time.Time
	mu       sync.Mutex
	silent   int       // calls in a row without an answer
	until    time.Time // no call is made until then; zero: closed
	probing  bool      // a probe is under way
	answered bool      // there was an answer, ever
}

// New returns a Breaker that is closed.
func New(now func() time.Time) *Breaker { return &Breaker{now: now} }

// Call is a call of the store. Its Ended must be called once.
type Call struct {
	Probe bool // the store has not answered lately
	First bool // the store has never answered: there may be no connection yet
	of    *Breaker
}

// Begin begins a call, or returns false if the store must not be called now.
func (b *Breaker) Begin() (Call, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	isOpen := !b.until.IsZero()
	if isOpen && (b.probing || b.now().Before(b.until)) {
		return Call{}, false
	}
	b.probing = isOpen
	return Call{Probe: isOpen, First: !b.answered, of: b}, true
}

// Insist begins a call even if the Breaker is open.
func (b *Breaker) Insist() Call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Call{First: !b.answered, of: b}
}

// IsClosed reports whether the store has answered lately, or was not called.
func (b *Breaker) IsClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until.IsZero()
}

// Ended ends a call, and says whether the store answered, be it with an error.
func (c Call) Ended(answered bool) {
	b := c.of
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.Probe {
		b.probing = false
	}
	if answered {
		b.silent, b.until, b.answered = 0, time.Time{}, true
		return
	}
	if b.silent++; b.silent >= OpensAfter {
		b.until = b.now().Add(OpenFor)
	}
}
