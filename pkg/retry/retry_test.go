package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/retry"
)

var (
	errConflict = errors.New("another writer was faster")
	errOther    = errors.New("the store is down")
)

func TestWhatMetAConflictIsTriedAgain(t *testing.T) {
	conflict := fmt.Errorf("write: %w", errConflict)
	for name, c := range map[string]struct {
		errs  []error // of the tries; the last one stays
		want  error
		tries int
		most  time.Duration // of all pauses
	}{
		"no conflict":              {[]error{nil}, nil, 1, 0},
		"another error":            {[]error{errOther}, errOther, 1, 0},
		"a conflict":               {[]error{conflict, nil}, nil, 2, 10 * time.Millisecond},
		"a conflict, then another": {[]error{conflict, conflict, errOther}, errOther, 3, 30 * time.Millisecond},
		"conflicts always":         {[]error{conflict}, errConflict, 10, 3270 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, tries := time.Now(), 0
				err := retry.OnConflict(t.Context(), errConflict, func() error {
					tries++
					return c.errs[min(tries, len(c.errs))-1]
				})
				if !errors.Is(err, c.want) || tries != c.tries {
					t.Errorf("after %d tries %v, want %v after %d", tries, err, c.want, c.tries)
				}
				if took := time.Since(began); took > c.most || took == 0 && c.tries > 1 {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// Contending writers wait for different times.
func TestPausesAreRandomAndGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for n, most := range map[int]time.Duration{
			1: 10 * time.Millisecond, 2: 20 * time.Millisecond, 7: 640 * time.Millisecond, 8: time.Second, 1000: time.Second,
		} {
			pauses, longest := map[time.Duration]bool{}, time.Duration(0)
			for range 100 {
				began := time.Now()
				if err := retry.Pause(t.Context(), n); err != nil {
					t.Fatal(err)
				}
				pauses[time.Since(began)], longest = true, max(longest, time.Since(began))
			}
			if len(pauses) < 50 || longest >= most || longest < most/2 {
				t.Errorf("after %d tries there are %d different pauses, the longest of %v, want up to %v", n, len(pauses), longest, most)
			}
		}
	})
}

func TestNothingIsTriedAgainWhenTheContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	tries := 0
	err := retry.OnConflict(ctx, errConflict, func() error {
		tries++
		cancel()
		return errConflict
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, errConflict) || tries != 1 {
		t.Errorf("%v after %d tries", err, tries)
	}
}

func TestAWaitEndsWithItsTimeOrItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := retry.Wait(t.Context(), time.Minute); err != nil || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for _, d := range []time.Duration{time.Hour, 0, -time.Hour} {
			if err := retry.Wait(ended, d); !errors.Is(err, context.Canceled) {
				t.Errorf("%v: %v", d, err)
			}
		}
		if err := retry.Wait(t.Context(), -time.Hour); err != nil || time.Since(began) != time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
