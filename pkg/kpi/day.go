package kpi

import (
	"slices"

	"trunkline/pkg/pbx"
)

// Rules is the version of the rules in this package: it is raised when the same records come
// to other figures.
const Rules = 2

// Day gathers the records of one PBX's day, in any order. It is not safe for concurrent
// use.
type Day struct {
	mac      pbx.MAC
	day      pbx.Day
	settings Settings
	zone     pbx.Zone
	calls    []*record // of its reach,
	earlier  []*record // and before
	cdrs     []*leg
	steps    []*step
	signs    []Sign
	// before has the calls of the day before that plain records tell of.
	before map[callKey]bool
	early  bool // some records of the day may belong to the day before
	asked  int  // how often More was called
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
	from int64 // when it starts, in seconds since 1970
}

// step is a menu that a caller heard.
type step struct {
	*pbx.IVRStep
	Source
}

// NewDay makes an empty day of a PBX whose clock stands in a known zone.
func NewDay(mac pbx.MAC, day pbx.Day, s Settings, zone pbx.Zone) *Day {
	return &Day{mac: mac, day: day, settings: s, zone: zone, before: map[callKey]bool{}}
}

// Reach is the part of time whose records are read for a day: from its start until 06:00
// of the next day, which is excluded.
func Reach(day pbx.Day) (from, to pbx.LocalTime) {
	return day.Start(), (day + 1).Start() + pbx.EarlyUntil
}

// More is a part of time whose records must be added too, now that those of Reach were, and
// those of each earlier answer; false where there is no more. Records before 06:00 may belong
// to the day before; and of that day's own before 06:00, one may be restated by a record of
// the evening before.
func (d *Day) More() (from, to pbx.LocalTime, ok bool) {
	d.asked++
	yesterday := (d.day - 1).Start()
	switch {
	case d.asked == 1 && d.early:
		return yesterday, d.day.Start(), true
	case d.asked == 2 && d.needsEvening():
		return (d.day - 2).Start() + pbx.EarlyUntil, yesterday, true
	}
	return 0, 0, false
}

// needsEvening reports whether a call has records before 06:00 on the day, and on the one
// before.
func (d *Day) needsEvening() bool {
	early := map[string]bool{}
	for _, r := range d.calls {
		if r.start.Day() == d.day && r.start.Early() {
			early[r.uuid] = true
		}
	}
	return slices.ContainsFunc(d.earlier, func(r *record) bool { return r.start.Early() && early[r.uuid] })
}

// AddCall adds the current version of a call record. One that the day can't need is left
// out.
func (d *Day) AddCall(e *pbx.CallRecord, s Source) {
	switch {
	case d.reads(e.Start):
		d.calls = append(d.calls, newRecord(e, s, d.zone))
	case e.Start < d.day.Start() && e.Start >= (d.day-2).Start()+pbx.EarlyUntil:
		d.earlier = append(d.earlier, newRecord(e, s, d.zone))
	}
}

// AddCDR is AddCall for a plain call detail record.
func (d *Day) AddCDR(e *pbx.CDR, s Source) {
	switch {
	case d.reads(e.Start):
		d.cdrs = append(d.cdrs, &leg{e, s, d.zone.TimeOf(e.Start, e.UniqueID).Unix()})
	case e.Start.Day() == d.day-1:
		d.before[callKey{pbx.KindCDR, e.Call(), ""}] = true
	}
}

// AddIVRStep is AddCall for a menu that a caller heard. It belongs to the day on which it
// starts.
func (d *Day) AddIVRStep(e *pbx.IVRStep, s Source) {
	if e.Start.Day() == d.day {
		d.steps = append(d.steps, &step{e, s})
	}
}

// reads reports whether a record that starts then is read for the day, and remembers whether
// the day before is needed for it.
func (d *Day) reads(start pbx.LocalTime) bool {
	from, to := Reach(d.day)
	if start < from || start >= to {
		return false
	}
	d.early = d.early || start.Day() == d.day && start.Early()
	return true
}

// inForce is the records of the day's reach that count, and what calls the day before had.
func (d *Day) inForce() (records []*record, before map[callKey]bool) {
	before = map[callKey]bool{}
	for _, r := range inForce(slices.Concat(d.calls, d.earlier)) {
		switch {
		case r.start >= d.day.Start():
			records = append(records, r)
		case r.start.Day() == d.day-1:
			before[callKey{pbx.KindCallRecord, r.uuid, ""}] = true
			before[callKey{pbx.KindCallRecord, r.uuid, r.queue}] = true
		}
	}
	return records, before
}

// own is which of the records of a call, or a queue call, belong to a day. belongsBefore says
// that the call had any on the day before.
func own[R interface{ began() pbx.LocalTime }](day pbx.Day, records []R, belongsBefore bool) []R {
	goesOn := slices.ContainsFunc(records, func(r R) bool { return r.began().Day() == day })
	other := func(r R) bool {
		if r.began().Day() == day {
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
