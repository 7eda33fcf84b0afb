package bill

import (
	"maps"
	"math"
	"slices"
	"time"

	"trunkline/infra/e2e/tap"
	"trunkline/infra/fleet"
	"trunkline/pkg/pbx"
)

const (
	hoursPerMonth   = 730
	daysPerMonth    = hoursPerMonth / 24.
	secondsPerMonth = hoursPerMonth * 3600
)

// callsPerDay is how many calls the PBX of the profile has on a weekday.
const callsPerDay = 500

// Profile is the PBX that is reckoned with: one whose firmware sends all kinds of events.
func Profile() fleet.PBX {
	monday := pbx.DayOf(time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC))
	return fleet.Config{Seed: 1, PBXs: 2, First: monday, Days: profileDays, CallsPerDay: callsPerDay}.All()[1]
}

// profileDays are whole weeks.
const profileDays = 10 * 7

// ringing is the share of calls of which a PBX of package fleet reports that they ring. A real
// PBX reports it of all.
const ringing = 0.02

// perMonth is how many events of each kind the profile sends.
func perMonth() map[pbx.Kind]float64 {
	n := map[pbx.Kind]float64{}
	for e := range Profile().Events() {
		one := daysPerMonth / profileDays
		switch kind := e.Event.Kind(); kind {
		case pbx.KindDialBegin, pbx.KindDialEnd, pbx.KindHangup, pbx.KindExtensionStatus:
			n[kind] += one / ringing
		default:
			n[kind] += one
		}
	}
	return n
}

// Month is what a PBX's month uses: what it sends, and what is done for it by the hour and
// by the day.
type Month struct {
	Count        float64 // of events
	Events       Usage   // each by itself
	HoursAndDays Usage
}

// Month is that of the profile.
func (m Measured) Month() Month {
	var month Month
	sent := perMonth()
	for _, kind := range slices.Sorted(maps.Keys(sent)) {
		month.Count += sent[kind]
		month.Events = month.Events.Plus(m.Events[kind].Times(sent[kind]).kept(kind)).Plus(m.Packing.Times(sent[kind]))
	}
	seen := Usage{WriteUnits: 4 * m.First.WriteUnits, ReadUnits: 60 * m.First.ReadUnits} // in each hour, at most
	month.HoursAndDays = m.HourPBX.Plus(seen).Times(hoursPerMonth).Plus(m.Day.Times(daysPerMonth))
	return month
}

// Streamed is what would be measured with Archive=firehose: a record for each event instead of an
// object, and none to pack. A test over LocalStack holds the requests.
func (m Measured) Streamed() Measured {
	events := map[pbx.Kind]Usage{}
	for kind, u := range m.Events {
		u.Puts--
		u.Streamed = math.Ceil(u.BucketBytes/tap.RecordStep) * tap.RecordStep
		events[kind] = u
	}
	m.Events, m.Packing = events, Usage{}
	return m
}

// objectsOfStreams are the objects that all delivery streams write in a month, if each has events
// whenever its buffer of the default length ends.
func objectsOfStreams() Usage {
	return Usage{Puts: float64(len(pbx.Kinds())) * secondsPerMonth / bufferSeconds}
}

// bufferSeconds is the default of ArchiveBuffer.
const bufferSeconds = 300

// kept is the usage of events of a kind without the items that go by themselves, in a day
// or in 30.
func (u Usage) kept(kind pbx.Kind) Usage {
	switch kind {
	case pbx.KindCallRecord, pbx.KindCDR, pbx.KindIVR:
	default:
		u.TableBytes = 0
	}
	return u
}

// Watch is what the template has CloudWatch keep an eye on.
type Watch struct {
	Alarms     int // metrics that alarms look at
	Dashboards int
}

// Fixed is what there is to pay for in a month in which no PBX says anything.
func (m Measured) Fixed(w Watch) []Item {
	return []Item{
		{"custom metrics", float64(m.Metrics) * metricMonth.Dollars},
		{"alarms", float64(w.Alarms) * alarmMonth.Dollars},
		{"dashboards", float64(w.Dashboards) * dashboard.Dollars},
		{"the secret", secret.Dollars},
		{"polling", pollers * secondsPerMonth / pollSeconds * queueRequest.Dollars},
		{"the hourly run", m.Hour.Times(hoursPerMonth).Dollars()},
	}
}

// Lambda polls a queue that nobody writes to by so many connections, each of which waits so
// long for a message (AWS Lambda developer guide, "Using Lambda with Amazon SQS").
const (
	pollers     = 5
	pollSeconds = 20
)

// Sum is that of items.
func Sum(items []Item) float64 {
	total := 0.0
	for _, item := range items {
		total += item.Dollars
	}
	return total
}
