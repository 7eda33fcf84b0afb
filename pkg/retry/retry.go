// Package retry tries again what another writer was faster at, after a random time that grows, so
// that writers who contend do not hinder one another again and again.
package retry

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	triesAtMost = 10
	// firstPause and longestPause bound the time before a try is made again.
	firstPause   = 10 * time.Millisecond
	longestPause = time.Second
)

// OnConflict calls try, and again as long as its error wraps conflict: at most 10 times, within
// about 3 s beside what try takes. It returns the last error of try; or that of ctx, which ended
// between two of them.
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

// Pause waits after the n-th try that met a conflict, counted from 1. The time is random, and at
// most 10 ms after the first one, twice as long after each further one, and never longer than 1 s.
// Pause returns early with an error when ctx ends.
func Pause(ctx context.Context, n int) error {
	timer := time.NewTimer(rand.N(atMost(n)))
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
