package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"trunkline/pkg/pbx"
)

// Enlist puts a PBX on the fleet list, with the earliest time at which anything was known
// of it.
func (s *Store) Enlist(ctx context.Context, mac pbx.MAC, at time.Time) error {
	at = at.UTC().Truncate(time.Millisecond)
	if s.listed.covers(mac, at) {
		return nil
	}
	doc, err := marshal(map[string]time.Time{"since": at})
	if err == nil {
		err = s.table.Put(ctx, Item{Key: fleetKey(mac), Version: millis(at), Doc: doc}, Older())
	}
	if err != nil && !errors.Is(err, ErrCondition) {
		return fmt.Errorf("put %s on the fleet list: %w", mac, err)
	}
	s.listed.add(mac, at)
	return nil
}

// Ping tells whether the table can be written.
func (s *Store) Ping(ctx context.Context) error {
	item := Item{Key: Key{"PING", "PING"}, Version: ownVersion(millis(s.now())), Doc: []byte("{}")}
	if err := s.table.Put(ctx, item, Condition{}); err != nil {
		return fmt.Errorf("write to the table: %w", err)
	}
	return nil
}

// listed remembers since when PBXs are on the fleet list, at the latest.
type listed struct {
	mu    sync.Mutex
	since map[pbx.MAC]time.Time
}

func (l *listed) covers(mac pbx.MAC, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	since, known := l.since[mac]
	return known && !at.Before(since)
}

func (l *listed) add(mac pbx.MAC, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since == nil || len(l.since) >= latelyAtMost {
		l.since = map[pbx.MAC]time.Time{}
	}
	if since, known := l.since[mac]; !known || at.Before(since) {
		l.since[mac] = at
	}
}

// Fleet yields the PBXs that have ever sent an event, or were registered. After an error
// it ends.
func (s *Store) Fleet(ctx context.Context) iter.Seq2[pbx.MAC, error] {
	return func(yield func(pbx.MAC, error) bool) {
		for item, err := range s.table.Query(ctx, Range{PK: fleetPartition}) {
			if err != nil {
				yield("", fmt.Errorf("read the fleet list: %w", err))
				return
			}
			if !yield(pbx.MAC(item.SK), nil) {
				return
			}
		}
	}
}

// hearsEvery is how often a writer keeps when it last heard from a PBX.
const hearsEvery = 15 * time.Minute

// hear keeps that a PBX sent something.
func (s *Store) hear(ctx context.Context, mac pbx.MAC, at time.Time) error {
	key := heardKey(mac)
	if s.lately.has(key, at) {
		return nil
	}
	at = at.UTC().Truncate(time.Millisecond)
	doc, err := marshal(map[string]time.Time{"last": at})
	if err == nil {
		err = s.table.Put(ctx, Item{Key: key, Version: millis(at), Doc: doc}, Newer())
	}
	if err != nil && !errors.Is(err, ErrCondition) {
		return fmt.Errorf("keep when %s was heard: %w", mac, err)
	}
	s.lately.add(key, at, hearsEvery)
	return nil
}

// Heard is when a PBX last sent something, to a quarter of an hour; zero where it never did.
func (s *Store) Heard(ctx context.Context, mac pbx.MAC) (time.Time, error) {
	item, err := s.table.Get(ctx, heardKey(mac))
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	var doc struct{ Last time.Time }
	if err == nil {
		err = unmarshal(item, &doc)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read when %s was heard: %w", mac, err)
	}
	return doc.Last, nil
}

// Seen is what was learnt of a PBX from its records.
type Seen struct {
	// Zone is the one in which its clock seems to stand.
	Zone pbx.Zone `json:"zone,omitzero"`
}

// Seen reads what was learnt of a PBX.
func (s *Store) Seen(ctx context.Context, mac pbx.MAC) (Seen, error) {
	item, err := s.table.Get(ctx, seenKey(mac))
	if errors.Is(err, ErrNotFound) {
		return Seen{}, nil
	}
	var seen Seen
	if err == nil {
		err = unmarshal(item, &seen)
	}
	if err != nil {
		return Seen{}, fmt.Errorf("read what was learnt of %s: %w", mac, err)
	}
	return seen, nil
}

// SetSeen keeps what was learnt of a PBX.
func (s *Store) SetSeen(ctx context.Context, mac pbx.MAC, seen Seen) error {
	doc, err := marshal(seen)
	if err == nil {
		err = s.table.Put(ctx, Item{Key: seenKey(mac), Version: ownVersion(millis(s.now())), Doc: doc}, Condition{})
	}
	if err != nil {
		return fmt.Errorf("keep what was learnt of %s: %w", mac, err)
	}
	return nil
}
