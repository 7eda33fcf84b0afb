package main

import (
	"trunkline/pkg/config"
	"trunkline/pkg/devices"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// target is a PBX that a command changes.
type target struct {
	source
	New bool `help:"The PBX is new: add it to the fleet."`
}

// write calls use with the records, to change what is stored of the PBX.
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

// change changes the settings of the PBX, and returns the new ones.
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

// member reads a PBX, and the zone of its clock: as far as it is known, else DEFAULT_ZONE.
func (p *program) member(s *store.Store, mac pbx.MAC) (m devices.Member, clock pbx.Zone, err error) {
	if m, err = devices.Read(p.ctx, s, mac); err != nil {
		return m, clock, err
	}
	schedule, err := config.ReadSchedule(p.getenv)
	if err != nil {
		return m, clock, err
	}
	clock, err = m.ClockZone(schedule.DefaultZone)
	return m, clock, err
}
