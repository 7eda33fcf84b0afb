package kpi

import (
	"iter"
	"slices"

	"trunkline/pkg/extsort"
	"trunkline/pkg/pbx"
)

// Rules is the version of the rules in this package. It is raised if the same records give other
// figures.
const Rules = 2

// Day collects the records of one PBX's day, in any order, and computes their figures. It is not safe
// for concurrent use.
type Day struct {
	mac      pbx.MAC
	day      pbx.Day
	settings Settings
	zone     pbx.Zone
	file     *extsort.File
	room     int
	calls    *extsort.Sorter[*record] // of its reach and before it
	cdrs     *extsort.Sorter[*leg]
	steps    *extsort.Sorter[*step]
	signs    *extsort.Sorter[*Sign]
	agents   map[string]bool // in its reach
	signed   map[string]bool // agents who logged in or off
	early    bool            // some records of the day may belong to the day before
	earlier  bool            // it has call records of the day before
	night    bool            // some of these are before 06:00
	asked    int             // how often More was called
	err      error
}

// Room is the default for how many bytes of each kind of record a Day holds in memory. It is enough for
// some 20,000 call records.
const Room = 16 << 20

// groupRoom is how many bytes of one call's records, or of one agent's signs, are read. It is enough for
// some 10,000 records.
const groupRoom = 8 << 20

// NewDay returns an empty day of a PBX. The zone of the PBX's clock must be known.
func NewDay(mac pbx.MAC, day pbx.Day, s Settings, zone pbx.Zone) *Day {
	d := &Day{mac: mac, day: day, settings: s, zone: zone, agents: map[string]bool{}, signed: map[string]bool{}}
	return d.Holding(Room, "")
}

// Holding lets an empty day hold up to room bytes of each kind of record in memory. The rest goes to a
// temporary file in the folder; if that is empty, in the system's folder of temporary files.
func (d *Day) Holding(room int, folder string) *Day {
	names := names{}
	d.file, d.room = extsort.NewFile(folder), room
	d.calls = extsort.New(records(names), d.file, room)
	d.cdrs = extsort.New(legs(names), d.file, room)
	d.steps = extsort.New(steps(names), d.file, room)
	d.signs = extsort.New(signs(names), d.file, room)
	return d
}

// Large reports whether the day has more records than it holds in memory.
func (d *Day) Large() bool { return d.file.Used() }

// Close removes the temporary file, if there is one. The day can't be used afterwards.
func (d *Day) Close() error { return d.file.Close() }

// Reach returns the time whose records are read for a day: from its start until 06:00 of the next day,
// which is excluded.
func Reach(day pbx.Day) (from, to pbx.LocalTime) {
	return day.Start(), (day + 1).Start() + pbx.EarlyUntil
}

// More returns a further time whose records must be added. Call it after the records of Reach, and of
// each earlier answer, were added; false ends it. Records before 06:00 may belong to the day before.
// And a record of the evening before may restate that day's own records before 06:00.
func (d *Day) More() (from, to pbx.LocalTime, ok bool) {
	d.asked++
	yesterday := (d.day - 1).Start()
	switch {
	case d.asked == 1 && d.early:
		return yesterday, d.day.Start(), true
	case d.asked == 2 && d.night && d.needsEvening():
		return (d.day - 2).Start() + pbx.EarlyUntil, yesterday, true
	}
	return 0, 0, false
}

// needsEvening reports whether a call has records before 06:00 on the day and on the day before.
func (d *Day) needsEvening() bool {
	on := func(day pbx.Day) func(*record) bool {
		return func(r *record) bool { return r.start.Day() == day && r.start.Early() }
	}
	for records, err := range d.byCall() {
		if err != nil {
			d.err = err
			return false
		}
		if slices.ContainsFunc(records, on(d.day)) && slices.ContainsFunc(records, on(d.day-1)) {
			return true
		}
	}
	return false
}

// byCall yields the records of each uuid, in the order of record.compare.
func (d *Day) byCall() iter.Seq2[[]*record, error] {
	return extsort.Group(d.calls.All(), func(a, b *record) bool { return a.uuid == b.uuid }, (*record).size, groupRoom)
}

// AddCall adds the current version of a call record. It ignores a record that the day can't need.
func (d *Day) AddCall(e *pbx.CallRecord, s Source) {
	switch {
	case d.reads(e.Start):
		r := newRecord(e, s, d.zone)
		d.calls.Add(r)
		if r.agent != "" {
			d.agents[r.agent] = true
		}
	case e.Start < d.day.Start() && e.Start >= (d.day-2).Start()+pbx.EarlyUntil:
		d.earlier, d.night = true, d.night || e.Start.Early()
		d.calls.Add(newRecord(e, s, d.zone))
	}
}

// AddCDR is AddCall for a plain call detail record.
func (d *Day) AddCDR(e *pbx.CDR, s Source) {
	if d.reads(e.Start) || e.Start.Day() == d.day-1 {
		d.cdrs.Add(newLeg(e, s, d.zone))
	}
}

// AddIVRStep is AddCall for an IVR step. A step belongs to the day on which it starts.
func (d *Day) AddIVRStep(e *pbx.IVRStep, s Source) {
	if e.Start.Day() == d.day {
		d.steps.Add(&step{e.IVRID, e.Key, e.UUID, s.Hash, suspect(d.zone, e.UUID, e.Start, s.Received)})
	}
}

// reads reports whether the day reads a record with this start. It notes whether the record makes the day
// before necessary.
func (d *Day) reads(start pbx.LocalTime) bool {
	from, to := Reach(d.day)
	if start < from || start >= to {
		return false
	}
	d.early = d.early || start.Day() == d.day && start.Early()
	return true
}

// uuidRecords are the records of one uuid that count, in a day's reach.
type uuidRecords struct {
	records []*record
	before  map[string]bool // queues with records on the day before; the empty name: any queue
}

// inForce yields the records that count, for each uuid that has any.
func (d *Day) inForce() iter.Seq2[uuidRecords, error] {
	return func(yield func(uuidRecords, error) bool) {
		for all, err := range d.byCall() {
			if err != nil {
				yield(uuidRecords{}, err)
				return
			}
			if u := d.reached(inForce(all)); len(u.records) > 0 && !yield(u, nil) {
				return
			}
		}
	}
}

// reached splits the records of a uuid into those of the day's reach and those before it.
func (d *Day) reached(all []*record) uuidRecords {
	isBefore := func(r *record) bool { return r.start < d.day.Start() }
	if !slices.ContainsFunc(all, isBefore) {
		return uuidRecords{records: all}
	}
	u := uuidRecords{before: map[string]bool{}}
	for _, r := range all {
		switch {
		case !isBefore(r):
			u.records = append(u.records, r)
		case r.start.Day() == d.day-1:
			u.before[""], u.before[r.queue] = true, true
		}
	}
	return u
}

// agentsInForce returns the agents of the records that count. Only a record of the day before can exclude
// one of the day's reach.
func (d *Day) agentsInForce() (map[string]bool, error) {
	if !d.earlier {
		return d.agents, nil
	}
	agents := map[string]bool{}
	for u, err := range d.inForce() {
		if err != nil {
			return nil, err
		}
		for _, r := range u.records {
			if r.agent != "" {
				agents[r.agent] = true
			}
		}
	}
	return agents, nil
}

// own returns the records of a call, or of a queue call, that belong to a day. belongsBefore says that the
// call had records on the day before.
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
func (l *leg) began() pbx.LocalTime    { return l.start }

// groups yields the runs of adjacent records that are the same.
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
