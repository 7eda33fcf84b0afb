package store

import (
	"context"
	"errors"
	"strings"

	"trunkline/pkg/pbx"
)

// Forget removes all that is kept of a PBX, and takes it off the fleet list. It is meant for
// one that is not real.
func (s *Store) Forget(ctx context.Context, mac pbx.MAC) error {
	for item, err := range s.table.Query(ctx, Range{PK: string(mac)}) {
		if err != nil {
			return wrap(err, "forget %s", mac)
		}
		if err := s.table.Delete(ctx, item.Key, Condition{}); err != nil {
			return wrap(err, "forget %s", mac)
		}
	}
	if err := s.forgetDue(ctx, mac); err != nil {
		return err
	}
	return s.unlist(ctx, mac)
}

// forgetDue removes the marks of the days of a PBX that are due.
func (s *Store) forgetDue(ctx context.Context, mac pbx.MAC) error {
	for item, err := range s.table.Query(ctx, Range{PK: dueKey(mac, 0).PK}) {
		if err != nil {
			return wrap(err, "forget what is due of %s", mac)
		}
		if !strings.HasSuffix(item.SK, "#"+string(mac)) {
			continue
		}
		if err := s.table.Delete(ctx, item.Key, Condition{}); err != nil {
			return wrap(err, "forget what is due of %s", mac)
		}
	}
	return nil
}

// strike takes a PBX off the fleet list. Nothing that was written of it before is relied on any
// more, so that its next event writes it again.
func (s *Store) unlist(ctx context.Context, mac pbx.MAC) error {
	err := s.table.Delete(ctx, fleetKey(mac), Condition{})
	s.listed.Drop(mac)
	s.lastEvents.Clear()
	s.figures.marked.Clear()
	return wrap(err, "take %s off the fleet list", mac)
}

// Remove takes a PBX off the fleet list, with what was said and learnt of it: its names, and
// which of its days are due. Its records and figures stay, unless they are to be forgotten,
// too. Of its settings it leaves that it is disabled, and the least generation of its URLs: a
// URL is proved without the table, so it would open again, and the PBX join the fleet, if
// nothing were known of it. Where it is broken off, it can be done again.
func (s *Store) Remove(ctx context.Context, mac pbx.MAC, records bool) error {
	_, err := s.ChangeDevice(ctx, mac, func(d *Device) error {
		*d = Device{Disabled: true, MinGeneration: d.MinGeneration, Unreadable: d.Unreadable.only(memberGeneration)}
		return nil
	})
	if errors.Is(err, ErrNotUnderstood) {
		err = s.save(ctx, deviceKey(mac), ownVersion(millis(s.now())), deviceDoc{Device{Disabled: true}}, Condition{})
	}
	if err != nil {
		return wrap(err, "remove %s", mac)
	}
	for item, err := range s.table.Query(ctx, Range{PK: string(mac)}) {
		if err != nil {
			return wrap(err, "remove %s", mac)
		}
		if item.SK == deviceSK || !records && !aboutPBX[item.SK] {
			continue
		}
		if err := s.table.Delete(ctx, item.Key, Condition{}); err != nil {
			return wrap(err, "remove %s", mac)
		}
	}
	if err := s.forgetDue(ctx, mac); err != nil {
		return err
	}
	return s.unlist(ctx, mac)
}

// aboutPBX are the sort keys of what is known of a PBX as such, beside its settings.
var aboutPBX = map[string]bool{namesSK: true, seenSK: true, lastEventSK: true, markedSK: true, checkedSK: true}

// Listed reports whether a PBX is on the fleet list.
func (s *Store) Listed(ctx context.Context, mac pbx.MAC) (bool, error) {
	_, err := s.table.Get(ctx, fleetKey(mac))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, wrap(err, "look for %s on the fleet list", mac)
}
