package each

import (
	"context"
	"errors"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Loop is a loop over many things.
type Loop[T any] struct {
	// Of says what the things are, for messages: "days that are due".
	Of string
	// Name names one of them.
	Name func(T) string
	// AtOnce is how many are done concurrently; 0 and 1: one after the other, in their order.
	AtOnce int
	// Skipped is called for each thing that is skipped, never concurrently. It may be nil.
	Skipped func(*Bad)
	// More returns things that the calls have found, once all things before are done; nil: none. It
	// may be nil.
	More func() iter.Seq2[T, error]
}

// Do calls do with each value of a sequence, and returns when all calls have returned. A thing that
// can't be read, or for which do fails, is skipped. Then the error is a *Skipped. Do stops early
// when ctx ends, when the sequence ends with an error, or when do returns a Stop. Then the error
// wraps that error, too. Do also ends when do returns ErrEnough, which is not an error.
func (l Loop[T]) Do(ctx context.Context, all iter.Seq2[T, error], do func(context.Context, T) error) error {
	r := &run[T]{Loop: l, skipped: Skipped{Of: l.Of}}
	for all != nil {
		r.all(ctx, all, do)
		if all = nil; l.More != nil && !r.over(ctx) {
			all = l.More()
		}
	}
	return r.err()
}

// all calls do with each value of a sequence.
func (r *run[T]) all(ctx context.Context, all iter.Seq2[T, error], do func(context.Context, T) error) {
	calls := calls(r.AtOnce)
	for thing, err := range all {
		switch {
		case !r.read(err):
		case r.AtOnce > 1:
			calls.Go(func() error { r.one(ctx, thing, do); return nil })
		default:
			r.one(ctx, thing, do)
		}
		if r.over(ctx) {
			break
		}
	}
	calls.Wait()
}

// Concurrently calls do with each number from 0 to n-1, with at most atOnce of them at a time, and
// returns when all calls have returned.
func Concurrently(atOnce, n int, do func(i int)) {
	calls := calls(atOnce)
	for i := range n {
		calls.Go(func() error { do(i); return nil })
	}
	calls.Wait()
}

// calls returns a group that makes at most atOnce calls at a time. None of them returns an error.
func calls(atOnce int) *errgroup.Group {
	var g errgroup.Group
	g.SetLimit(max(1, atOnce))
	return &g
}

// run is a Loop that is running.
type run[T any] struct {
	Loop[T]
	mu      sync.Mutex
	skipped Skipped
	stopped error
}

// read reports whether a thing was read, and notes why not.
func (r *run[T]) read(err error) bool {
	if err == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if bad, ok := errors.AsType[*Bad](err); ok {
		r.skip(bad)
	} else {
		r.stop(err)
	}
	return false
}

// one does one thing, unless the loop is over.
func (r *run[T]) one(ctx context.Context, thing T, do func(context.Context, T) error) {
	if r.over(ctx) {
		return
	}
	err := do(ctx, thing)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.skipped.Done++
		return
	}
	if s, ok := errors.AsType[stop](err); ok {
		r.stop(s.error)
	} else if errors.Is(err, ErrEnough) {
		r.stop(ErrEnough)
	} else if ended := ctx.Err(); ended != nil {
		r.stop(err)
	} else {
		r.skip(&Bad{Name: r.Name(thing), Err: err})
	}
}

// over reports whether the loop does no more things.
func (r *run[T]) over(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil && r.stopped == nil {
		r.stopped = err
	}
	return r.stopped != nil
}

func (r *run[T]) stop(err error) {
	if r.stopped == nil {
		r.stopped = err
	}
}

func (r *run[T]) skip(bad *Bad) {
	r.skipped.add(bad)
	if r.Skipped != nil {
		r.Skipped(bad)
	}
}

func (r *run[T]) err() error {
	if errors.Is(r.stopped, ErrEnough) {
		r.stopped = nil
	}
	if r.skipped.Count == 0 {
		return r.stopped
	}
	r.skipped.Stopped = r.stopped
	return &r.skipped
}

// ErrEnough is returned by a loop's body that needs no more things. The loop ends without an error.
var ErrEnough = errors.New("the loop needs no more things")

// Stop returns the error by which a loop's body ends the whole loop, such as for a full disk.
func Stop(err error) error { return stop{err} }

// Stops reports whether an error is a Stop.
func Stops(err error) bool {
	_, ok := errors.AsType[stop](err)
	return ok
}

type stop struct{ error }

func (s stop) Unwrap() error { return s.error }
