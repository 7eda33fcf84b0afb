package replay

import (
	"context"
	"errors"
	"strings"
	"sync"

	"trunkline/pkg/store"
)

// DryRun is a Table that only counts what would be written to another one.
type DryRun struct {
	store.Table
	mu     sync.Mutex
	writes map[string]int // by kinds of items
	seen   map[store.Key]string
}

// NewDryRun makes a DryRun over a table.
func NewDryRun(t store.Table) *DryRun {
	return &DryRun{Table: t, writes: map[string]int{}, seen: map[store.Key]string{}}
}

// Writes are how many items would be written, by the first part of their keys.
func (d *DryRun) Writes() map[string]int { return d.writes }

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
	d.seen[item.Key] = item.Version
	kind, _, _ := strings.Cut(item.SK, "#")
	if pk, _, of := strings.Cut(item.PK, "#"); of || pk == "FLEET" {
		kind = pk
	}
	d.writes[kind]++
	return nil
}

// Delete implements store.Table, and deletes nothing.
func (d *DryRun) Delete(context.Context, store.Key, store.Condition) error { return nil }
