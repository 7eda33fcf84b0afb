package rollup_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/config"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

func TestAWorkerThatWaitsForAnotherOneStopsWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := storetest.NewFaulty(storetest.NewMemory(), func(storetest.Call) storetest.Fault { return storetest.Hangs })
		r := rollup.New(store.New(hangs, time.Now), archivetest.NewMemory(), config.DefaultSchedule(), time.Now)
		task := rollup.Task{MAC: mac, Day: day("2026-11-23")}
		works, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		go r.Work(works, task)
		synctest.Wait()
		began := time.Now()
		waits, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := r.Work(waits, task); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}
