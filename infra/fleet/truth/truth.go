// Package truth computes a fleet's true figures from the events that its PBXs posted and the order
// of their receipt. It holds every record in memory, and decodes, stores and reads back nothing.
//
// It knows what makes two events the same record, and which of its versions counts. It has package
// kpi make the figures of a day's records.
package truth

import (
	"iter"
	"maps"
	"math"
	"reflect"
	"slices"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// Records are the calls that one PBX has reported.
type Records struct {
	mac   pbx.MAC
	zone  pbx.Zone
	days  map[pbx.Day]map[identity][]version
	signs map[pbx.Day]map[sign]bool // by the day of receipt
	last  kpi.Source                // of what was added
}

// identity identifies a record.
type identity struct {
	kind               pbx.Kind
	id, queue, subject string // subject: the agent, the destination or the menu
	start              pbx.LocalTime
}

// sign is a login or logoff of an agent. Its time of receipt is a part of its identity: if it is
// delivered again, it counts as another one.
type sign struct {
	agent    string
	login    bool
	received time.Time
}

// version is one content of a record, and how it was first received.
type version struct {
	event  pbx.Event
	source kpi.Source // without a hash
}

// New makes the empty records of a PBX, whose clock is in a zone.
func New(mac pbx.MAC, zone pbx.Zone) *Records {
	return &Records{mac: mac, zone: zone, days: map[pbx.Day]map[identity][]version{}, signs: map[pbx.Day]map[sign]bool{}}
}

// Add adds an event that was received after all that were added before, or in one array with them.
// The version of a record counts whose first receipt is the latest: a repeated version changes
// nothing. Events that make no figure are left out.
func (r *Records) Add(e pbx.Event, received time.Time) {
	source := r.next(received)
	switch e := e.(type) {
	case *pbx.AgentLogin:
		r.addSign(sign{e.Agent, true, received})
	case *pbx.AgentLogoff:
		r.addSign(sign{e.Agent, false, received})
	}
	e = r.local(e)
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
	day[id] = append(day[id], version{e, source})
}

// next returns how the next event was received. Events that are received at one time are an array.
func (r *Records) next(received time.Time) kpi.Source {
	if r.last.Received.Equal(received) {
		r.last.Index++
		return r.last
	}
	r.last = kpi.Source{Received: received}
	return r.last
}

func (r *Records) addSign(s sign) {
	day := r.zone.Local(s.received).Day()
	if r.signs[day] == nil {
		r.signs[day] = map[sign]bool{}
	}
	r.signs[day][s] = true
}

// local returns the event with its times by the PBX's clock.
func (r *Records) local(e pbx.Event) pbx.Event {
	switch e := e.(type) {
	case *pbx.CallRecord:
		return e.In(r.zone)
	case *pbx.CDR:
		return e.In(r.zone)
	case *pbx.IVRStep:
		return e.In(r.zone)
	}
	return e
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

// Rows yields the rows of each day that has any, in the order of days, with the default settings of
// a PBX. The hashes of inputs do not match those of stored records.
func (r *Records) Rows() iter.Seq[kpi.Rows] {
	return func(yield func(kpi.Rows) bool) {
		for _, day := range r.told() {
			rows, err := r.day(day).Rows()
			if err != nil {
				panic(err) // it holds all records in memory
			}
			if counts(rows) && !yield(rows) {
				return
			}
		}
	}
}

// told returns the days of the records, and the days that sessions may reach.
func (r *Records) told() []pbx.Day {
	days := slices.Collect(maps.Keys(r.days))
	for day := range r.signs {
		days = append(days, day, day+1)
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// day returns the records that may count on a day, or decide which of them do.
func (r *Records) day(day pbx.Day) *kpi.Day {
	all := kpi.NewDay(r.mac, day, kpi.DefaultSettings, r.zone).Holding(math.MaxInt, "")
	for d := day - 2; d <= day+1; d++ {
		for _, versions := range r.days[d] {
			current := versions[len(versions)-1]
			switch e := current.event.(type) {
			case *pbx.CallRecord:
				all.AddCall(e, current.source)
			case *pbx.CDR:
				all.AddCDR(e, current.source)
			case *pbx.IVRStep:
				all.AddIVRStep(e, current.source)
			}
		}
		for s := range r.signs[d] {
			all.AddSign(kpi.Sign{Agent: s.agent, Login: s.login, At: s.received})
		}
	}
	return all
}

// counts reports whether any record or sign counts on the rows' day.
func counts(rows kpi.Rows) bool {
	ofQueue := func(q kpi.Queue) bool { return q.Inputs.Records > 0 }
	ofAgent := func(a kpi.Agent) bool { return a.Inputs.Records > 0 }
	return rows.PBX.Inputs.Records > 0 || slices.ContainsFunc(rows.Queues, ofQueue) || slices.ContainsFunc(rows.Agents, ofAgent)
}
