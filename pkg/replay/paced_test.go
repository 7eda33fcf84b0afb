package replay

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

func TestAReplayWritesAtItsRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table, began := Paced(storetest.NewMemory(), 4), time.Now()
		for range 9 {
			item := store.Item{Key: store.Key{PK: "a", SK: "b"}, Version: "1", Doc: []byte("{}")}
			if err := table.Put(t.Context(), item, store.Condition{}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("nine items take %s", took)
		}
	})
}

func TestAPacedTableWaitsNoLongerThanItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	table := Paced(storetest.NewMemory(), 0.001) // the next write is due in a thousand seconds
	put := func() error {
		return table.Put(ctx, store.Item{Key: store.Key{PK: "p", SK: "s"}, Version: "1", Doc: []byte("{}")}, store.Condition{})
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := put(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := table.Get(t.Context(), store.Key{PK: "p", SK: "s"}); err != nil {
		t.Errorf("a read waits, too: %v", err)
	}
	plain := storetest.NewMemory()
	if Paced(plain, 0) != store.Table(plain) {
		t.Error("a table without a limit is paced")
	}
}

func TestASummaryOfADryRunHasWhatWouldBeWritten(t *testing.T) {
	r := Report{Done: 2, Events: 3, Held: 1, Why: errors.New("no queue")}
	if s := r.Summary(nil); s.DryRun || s.Writes != nil || s.Objects != 2 || s.Events != 3 || s.Held != 1 || s.Why != "no queue" {
		t.Errorf("%+v", s)
	}
	dry := NewDryRun(storetest.NewMemory())
	if err := dry.Put(t.Context(), store.Item{Key: store.Key{PK: "68692e0b0001", SK: "CALL#1"}, Version: "1"}, store.Condition{}); err != nil {
		t.Fatal(err)
	}
	if s := (Report{}).Summary(dry); !s.DryRun || s.Writes["CALL"] != 1 || s.Why != "" {
		t.Errorf("%+v", s)
	}
}
