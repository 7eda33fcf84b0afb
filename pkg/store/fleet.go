package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// listedFor is how long a writer assumes that a PBX is still on the fleet list. Another process may
// have removed it.
const listedFor = 24 * time.Hour

// Register puts a PBX on the fleet list. The list keeps the earliest time that was given for a PBX.
func (s *Store) Register(ctx context.Context, mac pbx.MAC, at time.Time) error {
	at = at.UTC().Truncate(time.Millisecond)
	now := s.now()
	since, known := s.listed.Get(mac, now)
	if known && !at.Before(since) {
		return nil
	}
	err := s.save(ctx, fleetKey(mac), millis(at), map[string]time.Time{"since": at}, Older())
	if err := orThere(err); err != nil {
		return fmt.Errorf("put %s on the fleet list: %w", mac, err)
	}
	s.listed.Put(mac, at, now.Add(listedFor))
	return nil
}

// Ping writes to the table. Its error says why the table can't be written.
func (s *Store) Ping(ctx context.Context) error {
	err := s.save(ctx, pingKey, ownVersion(millis(s.now())), struct{}{}, Condition{})
	return wrap(err, "write to the table")
}

// Fleet yields the PBXs that have ever sent an event or were registered. An entry that names no
// PBX is an *each.Bad. Any other error ends the sequence.
func (s *Store) Fleet(ctx context.Context) iter.Seq2[pbx.MAC, error] {
	return decoded(ctx, s.partition(ctx, fleetPartition, "read the fleet list"), listedMAC)
}

const (
	// PBXsAtOnce is how many PBXs of a fleet are read concurrently.
	PBXsAtOnce = 32
	// pbxsAhead is how many PBXs are read before the first of them is yielded.
	pbxsAhead = 256
)

// FleetOf yields what read returns for each PBX of the fleet, in the order of the fleet list. It
// calls read concurrently, for some hundreds of PBXs ahead. Where read fails for a PBX, that is an
// *each.Bad with its MAC. Any other error ends the sequence.
func FleetOf[T any](ctx context.Context, s *Store, read func(context.Context, *Store, pbx.MAC) (T, error)) iter.Seq2[T, error] {
	return each.MapAhead(ctx, PBXsAtOnce, pbxsAhead, s.Fleet(ctx), each.Text, func(ctx context.Context, mac pbx.MAC) (T, error) {
		return read(ctx, s, mac)
	})
}

// lastEventEvery is how often a writer keeps when a PBX last sent an event.
const lastEventEvery = 15 * time.Minute

// LastEvent is when a PBX last sent an event, and how.
type LastEvent struct {
	Last time.Time `json:"last"`          // to a quarter of an hour; zero: never
	KID  string    `json:"kid,omitempty"` // the id of the key that signed its URL; empty: unknown
}

// keepLastEvent keeps that a PBX sent an event.
func (s *Store) keepLastEvent(ctx context.Context, o Origin) error {
	key := lastEventKey(o.MAC)
	byKey := Key{key.PK, key.SK + "#" + o.KID} // an event by another key is written at once
	if _, kept := s.lastEvents.Get(byKey, o.At); kept {
		return nil
	}
	event := LastEvent{o.At.UTC().Truncate(time.Millisecond), o.KID}
	err := s.save(ctx, key, millis(event.Last), event, Newer())
	if errors.Is(err, ErrCondition) {
		err = s.replaceFutureEvent(ctx, key, event)
	}
	if err := orThere(err); err != nil {
		return fmt.Errorf("keep when %s sent its last event: %w", o.MAC, err)
	}
	s.lastEvents.Put(byKey, struct{}{}, event.Last.Add(lastEventEvery))
	return nil
}

// replaceFutureEvent keeps an event where the kept one lies in the future. A wrong clock wrote
// that one, and it would hide for years that the PBX is silent.
func (s *Store) replaceFutureEvent(ctx context.Context, key Key, event LastEvent) error {
	var kept LastEvent
	version, err := s.load(ctx, key, &kept)
	if err != nil || !kept.Last.After(s.now().Add(maxBehind)) {
		return err
	}
	return s.save(ctx, key, millis(event.Last), event, Unchanged(version))
}

// LastEvent reads when and how a PBX last sent an event.
func (s *Store) LastEvent(ctx context.Context, mac pbx.MAC) (LastEvent, error) {
	var event LastEvent
	_, err := s.load(ctx, lastEventKey(mac), &event)
	return event, wrap(err, "read when %s sent its last event", mac)
}

// Seen is what the records of a PBX show about it.
type Seen struct {
	// Zone is the one that its clock seems to show.
	Zone pbx.Zone `json:"zone,omitzero"`
}

// Seen reads what the records of a PBX showed.
func (s *Store) Seen(ctx context.Context, mac pbx.MAC) (Seen, error) {
	var seen Seen
	_, err := s.load(ctx, seenKey(mac), &seen)
	return seen, wrap(err, "read the inferred zone of %s", mac)
}

// SetSeen keeps what the records of a PBX showed.
func (s *Store) SetSeen(ctx context.Context, mac pbx.MAC, seen Seen) error {
	err := s.save(ctx, seenKey(mac), ownVersion(millis(s.now())), seen, Condition{})
	return wrap(err, "keep the inferred zone of %s", mac)
}
