// Package retry waits, and repeats a write that failed because another writer was faster. It waits for a random time
// that grows, so that contending writers do not conflict repeatedly.
package retry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"
)

const (
	triesAtMost = 10
	// firstPause and longestPause bound the time before the next try.
	firstPause   = 10 * time.Millisecond
	longestPause = time.Second
)

// OnConflict calls try until its error does not wrap conflict, at most 10 times. All pauses together last at
// most about 3 s. It returns the last error of try, or the error of ctx if that ends during a pause.
func OnConflict(ctx context.Context, conflict error, try func() error) error {
	for n := 1; ; n++ {
		err := try()
		if !errors.Is(err, conflict) || n == triesAtMost {
			return err
		}
		if err := Pause(ctx, n); err != nil {
			return err
		}
	}
}

// Pause waits after the n-th conflict, counted from 1. The time is random. Its maximum is 10 ms after the
// first conflict, doubles with each further one, and never exceeds 1 s. If ctx ends, Pause returns early
// with an error.
func Pause(ctx context.Context, n int) error {
	pause, err := rand.Int(rand.Reader, big.NewInt(int64(atMost(n))))
	if err != nil {
		return fmt.Errorf("choose a pause: %w", err)
	}
	return Wait(ctx, time.Duration(pause.Int64()))
}

// Wait waits for a time. If ctx ends, Wait returns early with its error.
func Wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func atMost(n int) time.Duration {
	pause := firstPause
	for ; n > 1 && pause < longestPause; n-- {
		pause *= 2
	}
	return min(pause, longestPause)
}
