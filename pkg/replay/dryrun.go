package replay

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// DryRun is a Table that only counts what would be written to another one.
type DryRun struct {
	store.Table
	mu     sync.Mutex
	seen   map[store.Key]string // versions, as they would be
	writes map[store.Key]bool
}

// NewDryRun makes a DryRun over a table.
func NewDryRun(t store.Table) *DryRun {
	return &DryRun{Table: t, seen: map[store.Key]string{}, writes: map[store.Key]bool{}}
}

// Writes returns how many items would be written, by the first part of their sort keys, such as
// CALL, or of their partition keys, such as DUE.
func (d *DryRun) Writes() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	counts := map[string]int{}
	for key := range d.writes {
		kind, _, _ := strings.Cut(key.SK, "#")
		if _, err := pbx.ParseMAC(key.PK); err != nil {
			kind, _, _ = strings.Cut(key.PK, "#")
		}
		counts[kind]++
	}
	return counts
}

// Put implements store.Table, and writes nothing.
func (d *DryRun) Put(ctx context.Context, item store.Item, cond store.Condition) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	version, there := d.seen[item.Key]
	if !there {
		was, err := d.Get(ctx, item.Key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		version, there = was.Version, err == nil
	}
	if there && (version == item.Version || !cond.Holds(version, item.Version)) {
		return nil
	}
	d.seen[item.Key], d.writes[item.Key] = item.Version, true
	return nil
}

// Delete implements store.Table, and deletes nothing.
func (d *DryRun) Delete(context.Context, store.Key, store.Condition) error { return nil }

// EmptyTable is a table to read that has nothing yet.
type EmptyTable struct{ store.Table }

// Get implements store.Table.
func (EmptyTable) Get(context.Context, store.Key) (store.Item, error) {
	return store.Item{}, store.ErrNotFound
}

// GetMany implements store.Table.
func (EmptyTable) GetMany(context.Context, ...store.Key) ([]store.Item, error) { return nil, nil }

// Query implements store.Table.
func (EmptyTable) Query(context.Context, store.Range) iter.Seq2[store.Item, error] {
	return func(func(store.Item, error) bool) {}
}
