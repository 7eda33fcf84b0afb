package storetest

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
)

func TestEachFaultDoesWhatItSays(t *testing.T) {
	table, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	for _, c := range []struct {
		fault   Fault
		err     error
		written bool
	}{{None, nil, true}, {Fails, ErrInjected, false}, {FailsButPersisted, ErrInjected, true}, {Throttled, ErrThrottled, false}} {
		s := suite{t.Context(), table, "p" + string(rune('0'+c.fault))}
		s.put(t, s.item("old", "1"), s.item("old2", "1"))
		f := NewFaulty(table, func(Call) Fault { return c.fault })
		if err := f.Put(s.ctx, s.item("k", "1"), store.Condition{}); !errors.Is(err, c.err) {
			t.Errorf("%d: put: %v", c.fault, err)
		}
		s.checkVersion(t, "k", map[bool]string{true: "1"}[c.written])
		if _, err := f.Get(s.ctx, s.key("old")); !errors.Is(err, c.err) {
			t.Errorf("%d: get: %v", c.fault, err)
		}
		if found, err := f.GetMany(s.ctx, s.key("old"), s.key("old2")); !errors.Is(err, c.err) || (err == nil) != (len(found) == 2) {
			t.Errorf("%d: get many: %d items, %v", c.fault, len(found), err)
		}
		seen, queryErr := 0, error(nil)
		for _, err := range f.Query(s.ctx, store.Prefix(s.pk, "o")) {
			if queryErr = err; err == nil {
				seen++
			}
		}
		if want := map[bool]int{true: 2, false: 1}[c.err == nil]; seen != want || !errors.Is(queryErr, c.err) {
			t.Errorf("%d: query: %d items, %v", c.fault, seen, queryErr)
		}
		if err := f.Delete(s.ctx, s.key("old"), store.Condition{}); !errors.Is(err, c.err) {
			t.Errorf("%d: delete: %v", c.fault, err)
		}
		s.checkVersion(t, "old", map[bool]string{false: "1"}[c.written])
		if f.Calls() != 5 {
			t.Errorf("%d calls", f.Calls())
		}
	}
}

func TestAHangingCallEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFaulty(nil, func(Call) Fault { return Hangs })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := f.Get(ctx, store.Key{PK: "p", SK: "k"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestAQueryGoesWrongAfterSoManyItems(t *testing.T) {
	table, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	s := suite{t.Context(), table, "p"}
	s.put(t, s.item("a", "1"), s.item("b", "1"), s.item("c", "1"))
	for items, want := range map[int]int{0: 0, 2: 2, 3: 3, 9: 3} {
		f := NewFaulty(table, func(Call) Fault { return Throttled })
		f.QueryItems = items
		seen, last := 0, error(nil)
		for _, err := range f.Query(s.ctx, store.Range{PK: s.pk}) {
			if last = err; err == nil {
				seen++
			}
		}
		if seen != want || !errors.Is(last, ErrThrottled) {
			t.Errorf("after %d items: %d items, %v", items, seen, last)
		}
	}
}

func TestCallsAreNumberedOnceEach(t *testing.T) {
	const calls = 50
	var numbers sync.Map
	f := NewFaulty(nil, func(c Call) Fault {
		if want := (store.Key{PK: "p", SK: "k"}); c.Method != "Get" || c.Key != want {
			t.Errorf("call %+v", c)
		}
		if _, twice := numbers.LoadOrStore(c.N, true); twice || c.N < 1 || c.N > calls {
			t.Errorf("number %d", c.N)
		}
		return Fails
	})
	var callers sync.WaitGroup
	for range calls {
		callers.Go(func() { f.Get(t.Context(), store.Key{PK: "p", SK: "k"}) })
	}
	callers.Wait()
	if f.Calls() != calls {
		t.Errorf("%d calls", f.Calls())
	}
}
