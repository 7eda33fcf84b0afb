package storetest

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"trunkline/pkg/store"
)

// Memory is a Table in memory, for tests that need many Tables. Nothing in it is durable.
type Memory struct {
	mu    sync.Mutex
	items map[string]map[string]store.Item // by partition and sort key
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory { return &Memory{items: map[string]map[string]store.Item{}} }

// Clone returns a Memory with the same items.
func (m *Memory) Clone() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	items := maps.Clone(m.items)
	for partition, sorted := range items {
		items[partition] = maps.Clone(sorted)
	}
	return &Memory{items: items}
}

// Items returns all items, by partition and sort key.
func (m *Memory) Items() (all []store.Item) {
	m.mu.Lock()
	partitions := slices.Sorted(maps.Keys(m.items))
	m.mu.Unlock()
	for _, partition := range partitions {
		all = append(all, m.find(partition, func(string) bool { return true })...)
	}
	return all
}

// find returns the items of a partition whose sort keys are wanted, in their order.
func (m *Memory) find(partition string, wanted func(sort string) bool) (found []store.Item) {
	m.mu.Lock()
	for sort, item := range m.items[partition] {
		if wanted(sort) {
			found = append(found, item)
		}
	}
	m.mu.Unlock()
	slices.SortFunc(found, func(a, b store.Item) int { return strings.Compare(a.SK, b.SK) })
	return found
}

// Get implements store.Table.
func (m *Memory) Get(ctx context.Context, key store.Key) (store.Item, error) {
	if err := check(ctx, key.Check()); err != nil {
		return store.Item{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	item, ok := m.items[key.PK][key.SK]
	if !ok {
		return store.Item{}, store.ErrNotFound
	}
	return copied(item), nil
}

// GetMany implements store.Table.
func (m *Memory) GetMany(ctx context.Context, keys ...store.Key) (found []store.Item, err error) {
	if err := check(ctx, store.CheckKeys(keys)); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		if item, there := m.items[key.PK][key.SK]; there {
			found = append(found, copied(item))
		}
	}
	return found, nil
}

// Put implements store.Table.
func (m *Memory) Put(ctx context.Context, item store.Item, cond store.Condition) error {
	if err := check(ctx, item.Check()); err != nil {
		return err
	}
	if cond.Op < store.OpAlways || cond.Op > store.OpAbsent {
		return fmt.Errorf("put item: condition %d does not exist", cond.Op)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	was, there := m.items[item.PK][item.SK]
	if there && was.Version == item.Version {
		return nil
	}
	holds := cond.Op != store.OpUnchanged
	if there {
		holds = cond.Holds(was.Version, item.Version)
	}
	if !holds {
		return store.ErrCondition
	}
	if m.items[item.PK] == nil {
		m.items[item.PK] = map[string]store.Item{}
	}
	m.items[item.PK][item.SK] = copied(item)
	return nil
}

// Delete implements store.Table.
func (m *Memory) Delete(ctx context.Context, key store.Key, cond store.Condition) error {
	if err := check(ctx, key.Check()); err != nil {
		return err
	}
	if cond.Op != store.OpAlways && cond.Op != store.OpUnchanged {
		return fmt.Errorf("delete item: the condition must be Unchanged or Always, and is %d", cond.Op)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if was, there := m.items[key.PK][key.SK]; there && cond.Op == store.OpUnchanged && was.Version != cond.Version {
		return store.ErrCondition
	}
	delete(m.items[key.PK], key.SK)
	return nil
}

// Query implements store.Table.
func (m *Memory) Query(ctx context.Context, r store.Range) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		found := m.find(r.PK, func(sort string) bool { return sort >= r.From && (r.To == "" || sort < r.To) })
		if r.Reverse {
			slices.Reverse(found)
		}
		for n, item := range found {
			if r.Limit > 0 && n == r.Limit {
				break
			}
			if err := ctx.Err(); err != nil {
				yield(store.Item{}, fmt.Errorf("query: %w", err))
				return
			}
			if !yield(copied(item), nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(store.Item{}, fmt.Errorf("query: %w", err))
		}
	}
}

func check(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	return ctx.Err()
}

func copied(i store.Item) store.Item {
	i.Doc = slices.Clone(i.Doc)
	return i
}
