package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"trunkline/pkg/config"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// target is a PBX of which a command changes something.
type target struct {
	source
	New bool `help:"The PBX is new: put it on the fleet list."`
}

// enter tells what is wrong with a change of a PBX that is not on the fleet list, unless it is
// meant to be new: a mistyped MAC would make a PBX that does not exist, and leave the one that
// was meant as it is.
func enter(ctx context.Context, s *store.Store, mac pbx.MAC, isNew bool) error {
	if isNew {
		return nil
	}
	listed, err := s.Listed(ctx, mac)
	if err == nil && !listed {
		err = fmt.Errorf("%s is not in the fleet: see pbxctl device list for its MAC, or say --new to put it there", mac)
	}
	return err
}

// write calls use with the records, to change what is said of the PBX.
func (t target) write(p *program, use func(*store.Store) error) error {
	return t.writeRecords(p, func(records *store.Store) error {
		if err := enter(p.ctx, records, t.MAC, t.New); err != nil {
			return err
		}
		return use(records)
	})
}

// change changes the settings of the PBX, and returns what they are then.
func (t target) change(p *program, apply func(*store.Device) error) (m member, err error) {
	err = t.write(p, func(records *store.Store) error {
		m, err = changeDevice(p, records, t.MAC, apply)
		return err
	})
	return m, err
}

func changeDevice(p *program, records *store.Store, mac pbx.MAC, apply func(*store.Device) error) (member, error) {
	_, err := records.ChangeDevice(p.ctx, mac, apply)
	if err == nil {
		_, err = rollup.Recheck(p.ctx, records, mac, p.now())
	}
	if err != nil {
		return member{}, err
	}
	return memberOf(p.ctx, records, mac)
}

// member is a PBX of the fleet.
type member struct {
	MAC pbx.MAC `json:"mac"`
	store.Device
	Inferred pbx.Zone  `json:"inferred_zone,omitzero"`
	Heard    time.Time `json:"last_heard,omitzero"`
	KID      string    `json:"kid,omitempty"`
	// Unreadable is what can't be read of all this, by the name of its member.
	Unreadable store.UnreadableMembers `json:"unreadable,omitempty"`
}

// The names of what is known of a PBX beside its settings, in JSON.
const (
	memberSettings = "settings"
	memberInferred = "inferred_zone"
	memberHeard    = "last_heard"
)

// memberOf is what is known of a PBX. It tells what can't be read, and fails only where the
// records can't be reached.
func memberOf(ctx context.Context, s *store.Store, mac pbx.MAC) (m member, err error) {
	m.MAC = mac
	m.Device, err = s.Device(ctx, mac)
	m.Unreadable = maps.Clone(m.Device.Unreadable)
	if err := m.tolerate(memberSettings, err); err != nil {
		return m, err
	}
	seen, err := s.Seen(ctx, mac)
	if err := m.tolerate(memberInferred, err); err != nil {
		return m, err
	}
	heard, err := s.Heard(ctx, mac)
	m.Inferred, m.Heard, m.KID = seen.Zone, heard.Last, heard.KID
	return m, m.tolerate(memberHeard, err)
}

// tolerate notes that something can't be read. Any other error stays.
func (m *member) tolerate(what string, err error) error {
	if !errors.Is(err, store.ErrNotUnderstood) {
		return err
	}
	text, err := json.Marshal(err.Error())
	if m.Unreadable == nil {
		m.Unreadable = store.UnreadableMembers{}
	}
	m.Unreadable[what] = text
	return err
}

// zoneOf is where the clock of a PBX stands, as far as is known; else DEFAULT_ZONE. Where it was
// set or learnt, and can't be read, that is an error: days would be those of another zone.
func (p *program) zoneOf(m member) (pbx.Zone, error) {
	needed := []string{memberSettings, "zone"}
	if !m.Zone.Known() {
		needed = append(needed, memberInferred)
	}
	for _, name := range needed {
		if _, bad := m.Unreadable[name]; bad {
			return pbx.Zone{}, fmt.Errorf("the zone of %s can't be read (%s): set it again with pbxctl device set --zone", m.MAC, m.Unreadable.Text(name))
		}
	}
	schedule, err := config.ReadSchedule(p.getenv)
	return store.ClockZone(m.Device, store.Seen{Zone: m.Inferred}, schedule.DefaultZone), err
}

// tellUnreadable says to people which settings of PBXs can't be read.
func tellUnreadable(p *program, all []member) {
	var lines []string
	for _, m := range all {
		for _, name := range slices.Sorted(maps.Keys(m.Unreadable)) {
			lines = append(lines, fmt.Sprintf("  %s  %s: %s\n", m.MAC, plain(name), plain(m.Unreadable.Text(name))))
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(p.errs, "What can't be read, or is of another version. Set it again with pbxctl device set (or enable, revoke, alias):\n%s", strings.Join(lines, ""))
	}
}
