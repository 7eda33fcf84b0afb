package archivetest

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"

	"trunkline/pkg/archive"
)

// Fault is what goes wrong with one call.
type Fault int

// The faults.
const (
	None              Fault = iota
	Fails                   // an error, and nothing is written; a list lacks its last name, and ends in the error
	FailsButPersisted       // an error, though the write happened
	Hangs                   // nothing until the context ends
	Throttled               // ErrThrottled, and nothing is written
)

var (
	// ErrInjected is the error of Fails and FailsButPersisted.
	ErrInjected = errors.New("injected fault")
	// ErrThrottled is the error of Throttled.
	ErrThrottled = errors.New("injected throttling")
)

// Call is one call of a Bucket.
type Call struct {
	N      int    // from 1, over all methods
	Method string // Put, Get, List or Delete
	Name   string // or the prefix of a List
}

// Faulty is a Bucket of whose calls some go wrong.
type Faulty struct {
	archive.Bucket
	decide func(Call) Fault
	calls  atomic.Int64
}

// NewFaulty wraps a Bucket. It asks decide about every call, perhaps several at a time.
func NewFaulty(bucket archive.Bucket, decide func(Call) Fault) *Faulty {
	return &Faulty{Bucket: bucket, decide: decide}
}

// Calls is how many calls there were.
func (f *Faulty) Calls() int { return int(f.calls.Load()) }

func (f *Faulty) fault(ctx context.Context, method, name string) (err error, apply bool) {
	switch f.decide(Call{int(f.calls.Add(1)), method, name}) {
	case Fails:
		return ErrInjected, false
	case FailsButPersisted:
		return ErrInjected, true
	case Hangs:
		<-ctx.Done()
		return ctx.Err(), false
	case Throttled:
		return ErrThrottled, false
	}
	return nil, true
}

// Put implements archive.Bucket.
func (f *Faulty) Put(ctx context.Context, name string, body []byte) error {
	err, apply := f.fault(ctx, "Put", name)
	if apply {
		return errors.Join(err, f.Bucket.Put(ctx, name, body))
	}
	return err
}

// Get implements archive.Bucket.
func (f *Faulty) Get(ctx context.Context, name string) ([]byte, error) {
	if err, _ := f.fault(ctx, "Get", name); err != nil {
		return nil, err
	}
	return f.Bucket.Get(ctx, name)
}

// Delete implements archive.Bucket.
func (f *Faulty) Delete(ctx context.Context, name string) error {
	err, apply := f.fault(ctx, "Delete", name)
	if apply {
		return errors.Join(err, f.Bucket.Delete(ctx, name))
	}
	return err
}

// List implements archive.Bucket.
func (f *Faulty) List(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		failure, _ := f.fault(ctx, "List", prefix)
		held := ""
		for name, err := range f.Bucket.List(ctx, prefix, after) {
			switch {
			case failure == nil || err != nil:
				if !yield(name, err) || err != nil {
					return
				}
			case held != "" && !yield(held, nil):
				return
			default:
				held = name
			}
		}
		if failure != nil {
			yield("", failure)
		}
	}
}
