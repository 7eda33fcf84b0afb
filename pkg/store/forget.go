package store

import (
	"context"
	"errors"
	"strings"

	"trunkline/pkg/pbx"
)

// Forget deletes everything that is kept of a PBX, and takes it off the fleet list. It is meant for a
// PBX that does not exist.
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

// forgetDue deletes the marks of a PBX's due days.
func (s *Store) forgetDue(ctx context.Context, mac pbx.MAC) error {
	for item, err := range s.table.Query(ctx, Range{PK: dueKey(mac, 0).PK}) {
		if err != nil {
			return wrap(err, "delete the marks of %s", mac)
		}
		if !strings.HasSuffix(item.SK, "#"+string(mac)) {
			continue
		}
		if err := s.table.Delete(ctx, item.Key, Condition{}); err != nil {
			return wrap(err, "delete the marks of %s", mac)
		}
	}
	return nil
}

// unlist takes a PBX off the fleet list. It clears what this writer remembers, so that the next event
// of the PBX writes everything again.
func (s *Store) unlist(ctx context.Context, mac pbx.MAC) error {
	defer s.figures.marked.Clear()
	defer s.lastEvents.Clear()
	defer s.listed.Drop(mac)
	if err := s.table.Delete(ctx, undividedFleetKey(mac), Condition{}); err != nil {
		return wrap(err, "take %s off the fleet list", mac)
	}
	return wrap(s.table.Delete(ctx, fleetKey(mac), Condition{}), "take %s off the fleet list", mac)
}

// Remove takes a PBX off the fleet list, and deletes its settings, names and due days. It deletes
// its records and figures only if records is set.
//
// Two settings stay: that the PBX is disabled, and the lowest valid generation of its URLs. Its URL
// is checked without the table, so without them the URL would be valid again, and its next event
// would put the PBX back on the list. An interrupted Remove can be repeated.
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

// aboutPBX are the sort keys of what is known of a PBX itself, except its settings.
var aboutPBX = map[string]bool{namesSK: true, seenSK: true, lastEventSK: true, markedSK: true, checkedSK: true}

// Listed reports whether a PBX is on the fleet list.
func (s *Store) Listed(ctx context.Context, mac pbx.MAC) (bool, error) {
	for _, key := range []Key{fleetKey(mac), undividedFleetKey(mac)} {
		_, err := s.table.Get(ctx, key)
		if !errors.Is(err, ErrNotFound) {
			return err == nil, wrap(err, "look for %s on the fleet list", mac)
		}
	}
	return false, nil
}
