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

// listedFor is how long a writer relies on it that a PBX is on the fleet list, since another
// process may have taken it off.
const listedFor = 24 * time.Hour

// Enlist puts a PBX on the fleet list, with the earliest time at which anything was known
// of it.
func (s *Store) Enlist(ctx context.Context, mac pbx.MAC, at time.Time) error {
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

// Ping tells whether the table can be written.
func (s *Store) Ping(ctx context.Context) error {
	err := s.save(ctx, pingKey, ownVersion(millis(s.now())), struct{}{}, Condition{})
	return wrap(err, "write to the table")
}

// Fleet yields the PBXs that have ever sent an event, or were registered. An entry that names no
// PBX is an *each.Bad; after any other error it ends.
func (s *Store) Fleet(ctx context.Context) iter.Seq2[pbx.MAC, error] {
	return decoded(ctx, s.partition(ctx, fleetPartition, "read the fleet list"), listedMAC)
}

const (
	// PBXsAtOnce is how many PBXs of a fleet are looked at side by side.
	PBXsAtOnce = 32
	// pbxsAhead is how many PBXs are read before the first of them is yielded.
	pbxsAhead = 256
)

// FleetOf yields what read tells of each PBX of the fleet, in the order of the fleet list. It
// reads many side by side, and some hundreds ahead. A PBX that read fails for is an *each.Bad,
// named by its MAC; after any other error it ends.
func FleetOf[T any](ctx context.Context, s *Store, read func(context.Context, *Store, pbx.MAC) (T, error)) iter.Seq2[T, error] {
	return each.MapAhead(ctx, PBXsAtOnce, pbxsAhead, s.Fleet(ctx), each.Text, func(ctx context.Context, mac pbx.MAC) (T, error) {
		return read(ctx, s, mac)
	})
}

// hearsEvery is how often a writer keeps when it last heard from a PBX.
const hearsEvery = 15 * time.Minute

// Heard is when a PBX last sent something, and how.
type Heard struct {
	Last time.Time `json:"last"`          // to a quarter of an hour; zero where it never did
	KID  string    `json:"kid,omitempty"` // the id of the key that signed its URL; empty where it is not known
}

// hear keeps that a PBX sent something.
func (s *Store) hear(ctx context.Context, r Receipt) error {
	key := heardKey(r.MAC)
	way := Key{key.PK, key.SK + "#" + r.KID} // by another key it is heard anew
	if _, kept := s.heard.Get(way, r.At); kept {
		return nil
	}
	at := r.At.UTC().Truncate(time.Millisecond)
	err := s.save(ctx, key, millis(at), Heard{at, r.KID}, Newer())
	if errors.Is(err, ErrCondition) {
		err = s.hearAfterFuture(ctx, key, Heard{at, r.KID})
	}
	if err := orThere(err); err != nil {
		return fmt.Errorf("keep when %s was heard: %w", r.MAC, err)
	}
	s.heard.Put(way, struct{}{}, at.Add(hearsEvery))
	return nil
}

// hearAfterFuture keeps that a PBX sent something where what is kept lies in the future: it was
// written by a clock that was wrong, and would hide for years that the PBX is silent.
func (s *Store) hearAfterFuture(ctx context.Context, key Key, heard Heard) error {
	var kept Heard
	version, err := s.load(ctx, key, &kept)
	if err != nil || !kept.Last.After(s.now().Add(mayBeBack)) {
		return err
	}
	return s.save(ctx, key, millis(heard.Last), heard, Unchanged(version))
}

// Heard is when and how a PBX was last heard.
func (s *Store) Heard(ctx context.Context, mac pbx.MAC) (Heard, error) {
	var heard Heard
	_, err := s.load(ctx, heardKey(mac), &heard)
	return heard, wrap(err, "read when %s was heard", mac)
}

// Seen is what was learnt of a PBX from its records.
type Seen struct {
	// Zone is the one in which its clock seems to stand.
	Zone pbx.Zone `json:"zone,omitzero"`
}

// Seen reads what was learnt of a PBX.
func (s *Store) Seen(ctx context.Context, mac pbx.MAC) (Seen, error) {
	var seen Seen
	_, err := s.load(ctx, seenKey(mac), &seen)
	return seen, wrap(err, "read what was learnt of %s", mac)
}

// SetSeen keeps what was learnt of a PBX.
func (s *Store) SetSeen(ctx context.Context, mac pbx.MAC, seen Seen) error {
	err := s.save(ctx, seenKey(mac), ownVersion(millis(s.now())), seen, Condition{})
	return wrap(err, "keep what was learnt of %s", mac)
}
