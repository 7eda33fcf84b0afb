package main

import (
	"errors"
	"fmt"
	"strings"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// day is a day on a command line: YYYY-MM-DD, today or yesterday. The zero value means that no day
// was given.
type day struct {
	date pbx.Day
	ago  pbx.Day // days before tomorrow, if the day depends on the clock; else 0
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *day) UnmarshalText(text []byte) (err error) {
	switch string(text) {
	case "today":
		*d = day{ago: 1}
	case "yesterday":
		*d = day{ago: 2}
	default:
		*d = day{}
		if d.date, err = pbx.ParseDay(string(text)); err != nil {
			return fmt.Errorf("%w, today or yesterday", err)
		}
	}
	return nil
}

// from returns the date. 0 means none.
func (d day) from(today pbx.Day) pbx.Day {
	if d.ago > 0 {
		return today + 1 - d.ago
	}
	return d.date
}

// at returns the date by the clock of a PBX.
func (d day) at(p *program, s *store.Store, mac pbx.MAC) (pbx.Day, error) {
	if d.ago == 0 {
		return d.date, nil
	}
	today, err := p.todayOf(s, mac)
	return d.from(today), err
}

// todayOf returns the present day by the clock of a PBX.
func (p *program) todayOf(s *store.Store, mac pbx.MAC) (pbx.Day, error) {
	_, zone, err := p.member(s, mac)
	return p.today(zone), err
}

// today returns the present day in a zone.
func (p *program) today(zone pbx.Zone) pbx.Day { return zone.Local(p.now()).Day() }

// days are one day or several on a command line: DAY, DAY..DAY, DAY.. or ..DAY. Both ends are
// included. The zero value means that no days were given.
type days struct {
	first, last day
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *days) UnmarshalText(text []byte) error {
	*d = days{}
	first, last, several := strings.Cut(string(text), "..")
	if !several {
		last = first
	}
	if first+last == "" {
		return fmt.Errorf("%.40q names no day: give DAY, DAY..DAY, DAY.. or ..DAY", text)
	}
	for _, end := range []struct {
		text string
		day  *day
	}{{first, &d.first}, {last, &d.last}} {
		if end.text == "" {
			continue
		}
		if err := end.day.UnmarshalText([]byte(end.text)); err != nil {
			return err
		}
	}
	return nil
}

// given reports whether any day was given.
func (d days) given() bool { return d != days{} }

// from returns the first and the last day. 0 means no bound.
func (d days) from(today pbx.Day) (first, last pbx.Day, err error) {
	first, last = d.first.from(today), d.last.from(today)
	if last != 0 && last < first {
		return 0, 0, unclear("--day: %s..%s ends before it begins", first, last)
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
