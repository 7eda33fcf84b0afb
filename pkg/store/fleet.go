package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"trunkline/pkg/pbx"
)

// enlistedFor is how long a PBX that was put on the fleet list is not put there again.
const enlistedFor = 24 * time.Hour

// Enlist puts a PBX on the fleet list, where it is not there yet.
func (s *Store) Enlist(ctx context.Context, mac pbx.MAC) error {
	at := s.now()
	key := fleetKey(mac)
	if s.lately.has(key, at) {
		return nil
	}
	doc, err := marshal(map[string]time.Time{"since": at.UTC().Truncate(time.Millisecond)})
	if err == nil {
		err = s.table.Put(ctx, Item{Key: key, Version: ownVersion(millis(at)), Doc: doc}, Absent())
	}
	if err != nil && !errors.Is(err, ErrCondition) {
		return fmt.Errorf("put %s on the fleet list: %w", mac, err)
	}
	s.lately.add(key, at, enlistedFor)
	return nil
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
