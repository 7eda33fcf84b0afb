package storetest

import (
	"context"
	"iter"
	"sync/atomic"

	"trunkline/pkg/faulttest"
	"trunkline/pkg/store"
)

// Fault is how a call fails.
type Fault = faulttest.Fault

// The faults of a call, and their errors.
const (
	None              = faulttest.None
	Fails             = faulttest.Fails
	FailsButPersisted = faulttest.FailsButPersisted
	Hangs             = faulttest.Hangs
	Throttled         = faulttest.Throttled
)

var (
	ErrInjected  = faulttest.ErrInjected
	ErrThrottled = faulttest.ErrThrottled
)

// Call is a call of a Table's method.
type Call struct {
	N      int       // its number, from 1
	Method string    // Get, GetMany, Put, Delete or Query
	Key    store.Key // of GetMany, the first key; of a query, the partition and the From of its range
}

// Faulty is a Table whose calls fail on demand.
type Faulty struct {
	// QueryItems is how many items a query yields before its fault; 0: it fails at once.
	QueryItems int

	table store.Table
	fault func(Call) Fault
	calls atomic.Int64
}

// NewFaulty returns a Table that calls fault before it passes a call to table. For concurrent calls, it
// calls fault concurrently. A query fails after its first item.
func NewFaulty(table store.Table, fault func(Call) Fault) *Faulty {
	return &Faulty{QueryItems: 1, table: table, fault: fault}
}

// Calls returns how many calls were made. A query counts once its loop begins.
func (f *Faulty) Calls() int { return int(f.calls.Load()) }

// Get implements store.Table.
func (f *Faulty) Get(ctx context.Context, key store.Key) (item store.Item, err error) {
	err = f.call(ctx, "Get", key, func() error {
		item, err = f.table.Get(ctx, key)
		return err
	})
	if err != nil {
		return store.Item{}, err
	}
	return item, nil
}

// GetMany implements store.Table.
func (f *Faulty) GetMany(ctx context.Context, keys ...store.Key) (found []store.Item, err error) {
	if err := store.CheckKeys(keys); err != nil {
		return nil, err
	}
	err = f.call(ctx, "GetMany", keys[0], func() error {
		found, err = f.table.GetMany(ctx, keys...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Put implements store.Table.
func (f *Faulty) Put(ctx context.Context, item store.Item, cond store.Condition) error {
	return f.call(ctx, "Put", item.Key, func() error { return f.table.Put(ctx, item, cond) })
}

// Delete implements store.Table.
func (f *Faulty) Delete(ctx context.Context, key store.Key, cond store.Condition) error {
	return f.call(ctx, "Delete", key, func() error { return f.table.Delete(ctx, key, cond) })
}

// Query implements store.Table.
func (f *Faulty) Query(ctx context.Context, r store.Range) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		fault := f.next("Query", store.Key{PK: r.PK, SK: r.From})
		if fault != None && f.QueryItems == 0 {
			yield(store.Item{}, fault.Err(ctx))
			return
		}
		seen := 0
		for item, err := range f.table.Query(ctx, r) {
			if !yield(item, err) || err != nil {
				return
			}
			if seen++; fault != None && seen == f.QueryItems {
				break
			}
		}
		if err := fault.Err(ctx); err != nil {
			yield(store.Item{}, err)
		}
	}
}

// call makes one call, or lets it fail.
func (f *Faulty) call(ctx context.Context, method string, key store.Key, do func() error) error {
	return f.next(method, key).Call(ctx, do)
}

func (f *Faulty) next(method string, key store.Key) Fault {
	return f.fault(Call{int(f.calls.Add(1)), method, key})
}
