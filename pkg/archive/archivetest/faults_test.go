package archivetest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive/dir"
)

func TestEachFaultDoesWhatItSays(t *testing.T) {
	for _, c := range []struct {
		fault   Fault
		err     error
		applied bool
	}{{None, nil, true}, {Fails, ErrInjected, false}, {FailsButPersisted, ErrInjected, true}, {Throttled, ErrThrottled, false}} {
		bucket, err := dir.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer bucket.Close()
		s := suite{t.Context(), bucket}
		s.put(t, "old1", "x")
		s.put(t, "old2", "x")
		f := NewFaulty(bucket, func(Call) Fault { return c.fault })
		if err := f.Put(s.ctx, "new", nil); !errors.Is(err, c.err) {
			t.Errorf("%d: put: %v", c.fault, err)
		}
		if _, err := bucket.Get(s.ctx, "new"); (err == nil) != c.applied {
			t.Errorf("%d: after the put: %v", c.fault, err)
		}
		if _, err := f.Get(s.ctx, "old1"); !errors.Is(err, c.err) {
			t.Errorf("%d: get: %v", c.fault, err)
		}
		seen, listErr := 0, error(nil)
		for _, err := range f.List(s.ctx, "old", "") {
			if listErr = err; err == nil {
				seen++
			}
		}
		if want := map[bool]int{true: 2, false: 1}[c.err == nil]; seen != want || !errors.Is(listErr, c.err) {
			t.Errorf("%d: list: %d names, %v", c.fault, seen, listErr)
		}
		if err := f.Delete(s.ctx, "old1"); !errors.Is(err, c.err) {
			t.Errorf("%d: delete: %v", c.fault, err)
		}
		if _, err := bucket.Get(s.ctx, "old1"); (err != nil) != c.applied {
			t.Errorf("%d: after the deletion: %v", c.fault, err)
		}
		if f.Calls() != 4 {
			t.Errorf("%d calls", f.Calls())
		}
	}
}

func TestAHangingCallEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		f := NewFaulty(nil, func(Call) Fault { return Hangs })
		if _, err := f.Get(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
