package fleet

import (
	"iter"
	"slices"
	"sort"
	"time"

	"trunkline/pkg/pbx"
)

// Event is an event that a PBX reports, and the instant at which what it reports is over. The
// instant is in UTC and to the millisecond.
type Event struct {
	At    time.Time
	Event pbx.Event // never changed once it is yielded
}

// Events yields the events of the PBX's days, in the order in which they happen.
func (p PBX) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		var coming agenda
		for d := range p.config.Days {
			for _, e := range p.signs(p.config.First + pbx.Day(d)) {
				coming.add(e)
			}
			for call := range p.calls(p.config.First + pbx.Day(d)) {
				if !coming.until(call.began, yield) {
					return
				}
				for _, e := range call.events {
					coming.add(e)
				}
			}
		}
		coming.until(forever, yield)
	}
}

// calls yields the calls of a day, in the order in which they begin.
func (p PBX) calls(day pbx.Day) iter.Seq[*call] {
	return func(yield func(*call) bool) {
		dice := p.dice(day)
		for i, began := range p.begins(day, dice) {
			if !yield(p.call(dice, began, i+1)) {
				return
			}
		}
	}
}

// begins returns when the calls of a day begin, in their order. Sometimes one begins in the last
// minutes before midnight.
func (p PBX) begins(day pbx.Day, dice dice) []time.Time {
	from, to := p.Zone.End(day-1), p.Zone.End(day)
	if !from.Before(to) {
		return nil // the clock leapt over the whole day
	}
	begins := make([]time.Time, int(p.busy(day)*(0.8+0.4*dice.Float64())+dice.Float64()))
	for i := range begins {
		begins[i] = p.begin(from, to, dice)
	}
	if len(begins) > 0 && dice.chance(0.5) {
		begins[0] = to.Add(-time.Duration(dice.between(1, 240)) * time.Second)
	}
	slices.SortFunc(begins, time.Time.Compare)
	return begins
}

// busy returns how many calls a day has on average.
func (p PBX) busy(day pbx.Day) float64 {
	calls := float64(p.config.CallsPerDay)
	if day%7 >= 5 { // day 0 was a Monday
		return calls * 0.3
	}
	return calls
}

// perHour is how many calls begin in each hour of a day, in proportion.
var perHour = [24]int{2, 1, 1, 1, 1, 2, 5, 15, 40, 75, 90, 85, 60, 65, 80, 85, 75, 55, 30, 18, 12, 8, 5, 3}

// begin returns an instant of a day. Busy hours are likelier. It draws from the instants, not from
// what a clock shows. So it is right on days on which the clock is set.
func (p PBX) begin(from, to time.Time, dice dice) time.Time {
	for {
		at := from.Add(time.Duration(dice.Int64N(int64(to.Sub(from)/time.Second))) * time.Second)
		local := p.Zone.Local(at)
		hour := int(local-local.Day().Start()) / 3600
		if dice.IntN(90) < perHour[hour] {
			return at
		}
	}
}

// agenda is the events that are still to come, in their order.
type agenda []Event

var forever = time.Unix(1<<40, 0)

// add puts an event after those of the same instant.
func (a *agenda) add(e Event) {
	i := sort.Search(len(*a), func(i int) bool { return (*a)[i].At.After(e.At) })
	*a = slices.Insert(*a, i, e)
}

// until yields and removes the events before an instant. It reports whether to go on.
func (a *agenda) until(t time.Time, yield func(Event) bool) bool {
	for len(*a) > 0 && (*a)[0].At.Before(t) {
		e := (*a)[0]
		if *a = (*a)[1:]; !yield(e) {
			return false
		}
	}
	return true
}
