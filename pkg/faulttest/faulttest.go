// Package faulttest has the ways in which tests let a call of a store fail. The decorators of package
// storetest and package archivetest share them.
package faulttest

import (
	"context"
	"errors"
)

// Fault is how a call fails.
type Fault int

// The faults of a call. A query or a list persists nothing, so there FailsButPersisted equals Fails.
const (
	None              Fault = iota // the call is made
	Fails                          // ErrInjected, and the call is not made
	FailsButPersisted              // the call is made, and then ErrInjected is returned
	Hangs                          // the call waits for the context's end, and returns its error
	Throttled                      // ErrThrottled, and the call is not made
)

var (
	// ErrInjected is the error of a call that was made to fail.
	ErrInjected = errors.New("injected failure")
	// ErrThrottled is the error of a call that was refused for a while.
	ErrThrottled = errors.New("injected throttling")
)

// Call makes one call, or lets it fail.
func (f Fault) Call(ctx context.Context, do func() error) error {
	if f == None || f == FailsButPersisted {
		if err := do(); err != nil {
			return err
		}
	}
	return f.Err(ctx)
}

// Err returns the error of the fault. For Hangs it waits for the end of the context.
func (f Fault) Err(ctx context.Context) error {
	switch f {
	case None:
		return nil
	case Hangs:
		<-ctx.Done()
		return ctx.Err()
	case Throttled:
		return ErrThrottled
	}
	return ErrInjected
}
