package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"trunkline/pkg/config"
	"trunkline/pkg/devices"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// target is a PBX of which a command changes something.
type target struct {
	source
	New bool `help:"The PBX is new: put it on the fleet list."`
}

// write calls use with the records, to change what is said of the PBX.
func (t target) write(p *program, use func(*store.Store) error) error {
	return t.writeRecords(p, func(records *store.Store) error {
		if t.New {
			return use(records)
		}
		if err := devices.CheckListed(p.ctx, records, t.MAC); err != nil {
			return err
		}
		return use(records)
	})
}

// change changes the settings of the PBX, and returns what they are then.
func (t target) change(p *program, apply func(*store.Device) error) (m devices.Member, err error) {
	err = t.write(p, func(records *store.Store) error {
		m, err = changeDevice(p, records, t.MAC, apply)
		return err
	})
	return m, err
}

func changeDevice(p *program, records *store.Store, mac pbx.MAC, apply func(*store.Device) error) (devices.Member, error) {
	if err := devices.Change(p.ctx, records, mac, p.now(), apply); err != nil {
		return devices.Member{}, err
	}
	return devices.Read(p.ctx, records, mac)
}

// zoneOf is where the clock of a PBX stands, as far as is known; else DEFAULT_ZONE.
func (p *program) zoneOf(m devices.Member) (pbx.Zone, error) {
	schedule, err := config.ReadSchedule(p.getenv)
	if err != nil {
		return pbx.Zone{}, err
	}
	return m.ClockZone(schedule.DefaultZone)
}

// tellUnreadable says to people which settings of PBXs can't be read.
func tellUnreadable(p *program, all []devices.Member) {
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
