package rollup_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/config"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

func TestAScheduleThatIsCutOffSendsWhatItHasFound(t *testing.T) {
	const hangs = pbx.MAC("68692e0b0003")
	synctest.Test(t, func(t *testing.T) {
		table := storetest.NewMemory()
		s := store.New(table, time.Now)
		day := pbx.UTCDay(time.Now()) - 3
		for _, mac := range []pbx.MAC{"68692e0b0001", "68692e0b0002", hangs} {
			if err := errors.Join(s.Register(t.Context(), mac, time.Now()), s.Figures().MarkClosed(t.Context(), mac, day, (day+1).UTC())); err != nil {
				t.Fatal(err)
			}
		}
		faulty := storetest.NewFaulty(table, func(c storetest.Call) storetest.Fault {
			if c.Method == "Get" && c.Key.PK == string(hangs) {
				return storetest.Hangs
			}
			return storetest.None
		})
		r := rollup.New(store.New(faulty, time.Now), archivetest.NewMemory(), config.DefaultSchedule(), time.Now)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var q tasks
		done, err := r.Schedule(ctx, &q)
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil || done.Sent != 2 || len(q) != 2 {
			t.Errorf("sent %v, %+v, %v", q, done, err)
		}
		r = rollup.New(s, archivetest.NewMemory(), config.DefaultSchedule(), time.Now)
		for _, task := range q {
			if _, err := r.Work(t.Context(), task); err != nil {
				t.Error(err)
			}
		}
		q = nil
		if _, err := r.Schedule(t.Context(), &q); err != nil || len(q) != 1 || q[0].MAC != hangs {
			t.Errorf("the next run sent %v, %v", q, err)
		}
	})
}
