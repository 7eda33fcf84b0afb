// Package truth works out what a fleet's figures must come to, from the events that its PBXs
// posted and the order in which they were received: by holding every record in memory, with
// nothing decoded, stored or read back.
//
// It knows what makes two events the same record, and which of its versions counts. Of the
// figures it only knows that package kpi makes them of a day's records.
package truth

import (
	"iter"
	"maps"
	"reflect"
	"slices"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// Records are what one PBX has told of its calls.
type Records struct {
	mac  pbx.MAC
	days map[pbx.Day]map[identity][]version
}

// identity is what the field says tells a record from others.
type identity struct {
	kind               pbx.Kind
	id, queue, subject string // subject: the agent, the destination or the menu
	start              pbx.LocalTime
}

// version is one content of a record, and when it was first received.
type version struct {
	event    pbx.Event
	received time.Time
}

// New makes the records of a PBX that has told of nothing.
func New(mac pbx.MAC) *Records { return &Records{mac, map[pbx.Day]map[identity][]version{}} }

// Add adds an event that was received after all that were added before. The version of a
// record that counts is the one whose first receipt is the latest: one that comes again
// changes nothing. Events that no figure is made of are left out.
func (r *Records) Add(e pbx.Event, received time.Time) {
	id, ok := identify(e)
	if !ok {
		return
	}
	day := r.days[id.start.Day()]
	if day == nil {
		day = map[identity][]version{}
		r.days[id.start.Day()] = day
	}
	for _, v := range day[id] {
		if reflect.DeepEqual(v.event, e) {
			return
		}
	}
	day[id] = append(day[id], version{e, received})
}

func identify(e pbx.Event) (identity, bool) {
	switch e := e.(type) {
	case *pbx.CallRecord:
		return identity{e.Kind(), e.UUID, e.Queue, e.Agent, e.Start}, true
	case *pbx.CDR:
		return identity{e.Kind(), e.UniqueID, "", e.Destination, e.Start}, true
	case *pbx.IVRStep:
		return identity{e.Kind(), e.UUID, "", e.IVRID, e.Start}, true
	}
	return identity{}, false
}

// Rows yields the rows of each day that has any, in the order of days, with the settings of
// a PBX of which an operator has said nothing. Hashes of inputs are those of no records.
func (r *Records) Rows() iter.Seq[kpi.Rows] {
	return func(yield func(kpi.Rows) bool) {
		for _, day := range slices.Sorted(maps.Keys(r.days)) {
			if rows := r.day(day).Rows(); counts(rows) && !yield(rows) {
				return
			}
		}
	}
}

// day gathers the records that may count on a day, or tell which of them do.
func (r *Records) day(day pbx.Day) *kpi.Day {
	all := kpi.NewDay(r.mac, day, kpi.DefaultSettings)
	for d := day - 1; d <= day+1; d++ {
		for _, versions := range r.days[d] {
			current := versions[len(versions)-1]
			source := kpi.Source{Received: current.received}
			switch e := current.event.(type) {
			case *pbx.CallRecord:
				all.AddCall(e, source)
			case *pbx.CDR:
				all.AddCDR(e, source)
			case *pbx.IVRStep:
				all.AddIVRStep(e, source)
			}
		}
	}
	return all
}

// counts tells whether any record counts on the rows' day.
func counts(rows kpi.Rows) bool {
	ofQueue := func(q kpi.Queue) bool { return q.Inputs.Records > 0 }
	return rows.PBX.Inputs.Records > 0 || slices.ContainsFunc(rows.Queues, ofQueue)
}
