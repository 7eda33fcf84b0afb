package main

import (
	"errors"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// day is a day on a command line.
type day struct{ pbx.WrittenDay }

// at returns the date by the clock of a PBX.
func (d day) at(p *program, s *store.Store, mac pbx.MAC) (pbx.Day, error) {
	if !d.Relative() {
		return d.Date, nil
	}
	today, err := p.todayOf(s, mac)
	return d.From(today), err
}

// todayOf returns the present day by the clock of a PBX.
func (p *program) todayOf(s *store.Store, mac pbx.MAC) (pbx.Day, error) {
	_, zone, err := p.member(s, mac)
	return p.today(zone), err
}

// today returns the present day in a zone.
func (p *program) today(zone pbx.Zone) pbx.Day { return zone.Local(p.now()).Day() }

// days are days on a command line.
type days struct{ pbx.WrittenDays }

// from returns the first and the last day. 0 means no bound.
func (d days) from(today pbx.Day) (first, last pbx.Day, err error) {
	if first, last, err = d.From(today); err != nil {
		return 0, 0, unclear("--day: %w", err)
	}
	return first, last, nil
}

// inUTC returns the first and the last day, where today is that of UTC.
func (d days) inUTC(p *program) (first, last pbx.Day, err error) { return d.from(p.today(pbx.UTC)) }

// span returns the time of the days. today is that of the PBX.
func (d days) span(today pbx.Day) (store.Span, error) {
	first, last, err := d.from(today)
	return store.Days(first, last), err
}

// pbxDays is the flag for days of a PBX.
type pbxDays struct {
	Day days `help:"Only what began on these days by the PBX's clock: DAY, DAY..DAY, DAY.. or ..DAY, with 2018-11-05, today or yesterday for DAY." placeholder:"DAYS"`
}

// utcDays is the flag for days of receipt.
type utcDays struct {
	Day days `help:"Only what was received on these UTC days: DAY, DAY..DAY, DAY.. or ..DAY, with 2018-11-05, today or yesterday for DAY." placeholder:"DAYS"`
}

// recordedID is the id of a queue, an agent or a number, as the PBX's records have it.
type recordedID string

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *recordedID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("it is empty: give the id that the PBX's records have, such as 630")
	}
	*c = recordedID(pbx.ShortName(string(text)))
	return nil
}
