package push

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

func TestThePaceIsThatOfTheWholeFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, pace := time.Now(), rate.NewLimiter(100, 1)
		var fleet sync.WaitGroup
		for range 4 {
			fleet.Go(func() {
				for range 10 {
					if err := wait(t.Context(), pace, 5); err != nil {
						t.Error(err)
					}
				}
			})
		}
		fleet.Wait()
		if took := time.Since(began); took != 199*10*time.Millisecond { // the first goes at once
			t.Errorf("200 events took %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if wait(ctx, pace, 1) == nil {
			t.Error("it does not end with its context")
		}
	})
}
