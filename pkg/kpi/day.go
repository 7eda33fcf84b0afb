package kpi

import (
	"slices"

	"trunkline/pkg/pbx"
)

// Day gathers the records of one PBX's day, in any order. It is not safe for concurrent
// use.
type Day struct {
	mac      pbx.MAC
	day      pbx.Day
	settings Settings
	calls    []*record
	cdrs     []*leg
	steps    []*step
	agents   map[string]bool // of all records read for the day
	// before has the calls of the day before: uuid and queue, uuid alone, or uniqueid.
	before map[callKey]bool
	early  bool // some records of the day may belong to the day before
}

// callKey names a call, or a queue call, among the contact centre's or the plain records.
type callKey struct {
	kind      pbx.Kind
	id, queue string
}

// leg is a plain call detail record.
type leg struct {
	*pbx.CDR
	Source
}

// step is a menu that a caller heard.
type step struct {
	*pbx.IVRStep
	Source
}

// NewDay makes an empty day of a PBX.
func NewDay(mac pbx.MAC, day pbx.Day, s Settings) *Day {
	return &Day{mac: mac, day: day, settings: s, agents: map[string]bool{}, before: map[callKey]bool{}}
}

// Reach is the part of time whose records are read for a day: from its start until 06:00
// of the next day, which is excluded.
func Reach(day pbx.Day) (from, to pbx.LocalTime) {
	return day.Start(), (day + 1).Start() + pbx.EarlyUntil
}

// NeedsDayBefore tells whether the records of the day before must be added too: there are
// records that may belong to it.
func (d *Day) NeedsDayBefore() bool { return d.early }

// AddCall adds the current version of a call record. One that neither the day nor the day
// before needs is left out.
func (d *Day) AddCall(e *pbx.CallRecord, s Source) {
	if !d.reads(e.Start) {
		if e.Start.Day() == d.day-1 {
			d.before[callKey{pbx.KindCallRecord, e.UUID, ""}] = true
			d.before[callKey{pbx.KindCallRecord, e.UUID, e.Queue}] = true
		}
		return
	}
	if e.Agent != "" {
		d.agents[e.Agent] = true
	}
	d.calls = append(d.calls, newRecord(e, s))
}

// AddCDR is AddCall for a plain call detail record.
func (d *Day) AddCDR(e *pbx.CDR, s Source) {
	switch {
	case d.reads(e.Start):
		d.cdrs = append(d.cdrs, &leg{e, s})
	case e.Start.Day() == d.day-1:
		d.before[callKey{pbx.KindCDR, e.UniqueID, ""}] = true
	}
}

// AddIVRStep is AddCall for a menu that a caller heard. It belongs to the day on which it
// starts.
func (d *Day) AddIVRStep(e *pbx.IVRStep, s Source) {
	if e.Start.Day() == d.day {
		d.steps = append(d.steps, &step{e, s})
	}
}

// reads tells whether a record that starts then is read for the day, and remembers whether
// the day before is needed for it.
func (d *Day) reads(start pbx.LocalTime) bool {
	from, to := Reach(d.day)
	if start < from || start >= to {
		return false
	}
	d.early = d.early || start.Day() == d.day && start.Early()
	return true
}

// own is which of the records of a call, or a queue call, belong to the day.
func own[R interface{ began() pbx.LocalTime }](d *Day, records []R, key callKey) []R {
	belongsBefore := d.before[key]
	goesOn := slices.ContainsFunc(records, func(r R) bool { return r.began().Day() == d.day })
	other := func(r R) bool {
		if r.began().Day() == d.day {
			return r.began().Early() && belongsBefore
		}
		return !goesOn
	}
	if !slices.ContainsFunc(records, other) {
		return records
	}
	return slices.DeleteFunc(slices.Clone(records), other)
}

func (r *record) began() pbx.LocalTime { return r.start }
func (l *leg) began() pbx.LocalTime    { return l.Start }

// groups yields the runs of records that are the same.
func groups[R any](records []R, same func(a, b R) bool) func(yield func([]R) bool) {
	return func(yield func([]R) bool) {
		for len(records) > 0 {
			end := 1
			for end < len(records) && same(records[0], records[end]) {
				end++
			}
			if !yield(records[:end:end]) {
				return
			}
			records = records[end:]
		}
	}
}
