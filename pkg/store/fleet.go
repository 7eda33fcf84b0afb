package store

import (
	"cmp"
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
	if err := s.list(ctx, mac, at); err != nil {
		return err
	}
	s.listed.Put(mac, at, now.Add(listedFor))
	return nil
}

// list writes a PBX's entry of the fleet list.
func (s *Store) list(ctx context.Context, mac pbx.MAC, at time.Time) error {
	err := s.save(ctx, fleetKey(mac), millis(at), map[string]time.Time{"since": at}, Older())
	return wrap(orThere(err), "put %s on the fleet list", mac)
}

// Ping writes to the table. Its error says why the table can't be written.
func (s *Store) Ping(ctx context.Context) error {
	err := s.save(ctx, pingKey, ownVersion(millis(s.now())), struct{}{}, Condition{})
	return wrap(err, "write to the table")
}

// Fleet yields the PBXs that have ever sent an event or were registered, by their MACs. An entry that
// names no PBX is an *each.Bad. Any other error ends the sequence.
func (s *Store) Fleet(ctx context.Context) iter.Seq2[pbx.MAC, error] {
	const doing = "read the fleet list"
	var parts []iter.Seq2[pbx.MAC, error]
	for _, part := range append(s.divided(ctx, fleetPartition+"#", doing), s.partition(ctx, fleetPartition, doing)) {
		parts = append(parts, decoded(ctx, part, listedMAC))
	}
	return each.Merge(cmp.Compare[pbx.MAC], parts...)
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

// Covers reports whether an event needs no note, since this one was noted lately by the same key.
func (l LastEvent) Covers(o Origin) bool { return l.KID == o.KID && l.isRecent(o) }

// isRecent reports whether the last event is at most a quarter of an hour older than another, and not
// from a wrong clock.
func (l LastEvent) isRecent(o Origin) bool {
	age := o.At.Sub(l.Last)
	return age < lastEventEvery && age > -maxBehind
}

// lists reports whether the PBX of an event is on the fleet list, as its last event proves: Note wrote
// the entry first. It proves that for a UTC day, so that an entry that got lost is written again.
func (l LastEvent) lists(o Origin) bool {
	return !l.Last.IsZero() && pbx.UTCDay(l.Last) == pbx.UTCDay(o.At)
}

// ErrUnlisted is wrapped by the error of Note if the PBX may not be on the fleet list.
var ErrUnlisted = errors.New("the PBX may be missing on the fleet list")

// Note notes that a PBX sent an event that last does not cover; last is what Sender returned, or what
// Note did. It puts the PBX on the fleet list, unless last proves that it is there, and then keeps the
// last event. So if either write fails, the next event of the PBX tries both again.
func (s *Store) Note(ctx context.Context, o Origin, last LastEvent) (LastEvent, error) {
	event := LastEvent{o.At.UTC().Truncate(time.Millisecond), o.KID}
	byKey := noteKey(o)
	if _, noted := s.lastEvents.Get(byKey, o.At); noted && last.isRecent(o) { // two keys take turns
		return event, nil
	}
	if !last.lists(o) {
		if err := s.list(ctx, o.MAC, event.Last); err != nil {
			return last, fmt.Errorf("%w: %w", ErrUnlisted, err)
		}
	}
	if err := s.writeLastEvent(ctx, o.MAC, event); err != nil {
		return last, err
	}
	s.lastEvents.Put(byKey, struct{}{}, event.Last.Add(lastEventEvery))
	return event, nil
}

// noteKey is the key under which a writer remembers a last event. An event by another key is written
// at once.
func noteKey(o Origin) Key {
	key := lastEventKey(o.MAC)
	key.SK += "#" + o.KID
	return key
}

// keepLastEvent keeps that a PBX sent an event, unless this writer has lately done so.
func (s *Store) keepLastEvent(ctx context.Context, o Origin) error {
	byKey := noteKey(o)
	if _, kept := s.lastEvents.Get(byKey, o.At); kept {
		return nil
	}
	event := LastEvent{o.At.UTC().Truncate(time.Millisecond), o.KID}
	if err := s.writeLastEvent(ctx, o.MAC, event); err != nil {
		return err
	}
	s.lastEvents.Put(byKey, struct{}{}, event.Last.Add(lastEventEvery))
	return nil
}

func (s *Store) writeLastEvent(ctx context.Context, mac pbx.MAC, event LastEvent) error {
	key := lastEventKey(mac)
	err := s.save(ctx, key, millis(event.Last), event, Newer())
	if errors.Is(err, ErrCondition) {
		err = s.replaceFutureEvent(ctx, key, event)
	}
	return wrap(orThere(err), "keep when %s sent its last event", mac)
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

// Sender is a PBX that sends an event.
type Sender struct {
	Device Device
	// Last is its last event; zero if it has sent nothing, or if that can't be read.
	Last LastEvent
}

// Sender reads the settings and the last event of a PBX at once. They may be some seconds old. If only
// the settings can't be read, the error is an ErrNotUnderstood, and the last event counts.
func (s *Store) Sender(ctx context.Context, mac pbx.MAC) (Sender, error) {
	found, err := s.table.GetMany(ctx, deviceKey(mac), lastEventKey(mac))
	if err != nil {
		return Sender{}, fmt.Errorf("read the settings of %s: %w", mac, err)
	}
	var sender Sender
	var device deviceDoc
	for _, item := range found {
		if item.SK == lastEventSK {
			if unmarshal(item, &sender.Last) != nil {
				sender.Last = LastEvent{} // the next event replaces it
			}
		} else {
			err = wrap(unmarshal(item, &device), "read the settings of %s", mac)
		}
	}
	if err == nil {
		sender.Device = device.Device
	}
	return sender, err
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
