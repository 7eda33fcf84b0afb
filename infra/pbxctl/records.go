package main

import (
	"trunkline/pkg/config"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// source is the PBX whose records a command reads, and the place of the records.
type source struct {
	MAC pbx.MAC `arg:"" name:"mac" help:"The PBX's MAC address." placeholder:"MAC"`
	where
	showing
}

// records returns the records of a table, which are kept for RECORD_DAYS.
func (p *program) records(t store.Table) (*store.Store, error) {
	days, err := config.ReadRecordDays(p.getenv)
	return store.New(t, p.now).Keeping(days), err
}

// withRecords calls use with the records of a table.
func (p *program) withRecords(t store.Table, use func(*store.Store) error) error {
	records, err := p.records(t)
	if err != nil {
		return err
	}
	return use(records)
}

// openOne calls use with the records, to read those of the PBX, and with its zone.
func (s source) openOne(p *program, use func(*store.Store, pbx.Zone) error) error {
	return s.readRecords(p, func(records *store.Store) error {
		_, zone, err := p.member(records, s.MAC)
		if err != nil {
			return err
		}
		return use(records, zone)
	})
}
