package fleet

import (
	"time"

	"trunkline/pkg/pbx"
)

// outage is a time in which a PBX's line fails.
type outage struct {
	from, to time.Time
	arrays   bool // what waited for its end is delivered in arrays
}

const utcDay = 24 * 60 * 60

// outage returns the outage that begins on a day since 1970, or the zero outage. None is longer
// than a day.
func (p PBX) outage(day int64) outage {
	dice := p.diceOf("line", day)
	if !dice.chance(p.config.Outages) {
		return outage{}
	}
	from := time.Unix(day*utcDay+int64(dice.IntN(utcDay)), 0).UTC()
	to := from.Add(time.Duration(dice.between(60, 6*60)) * time.Minute)
	return outage{from, to, dice.chance(p.config.Arrays) && p.Dialect.hasArrays()}
}

// around returns the outages that may contain an instant, or end at it.
func (p PBX) around(at time.Time) []outage {
	if p.config.Outages == 0 {
		return nil
	}
	day := at.Unix() / utcDay
	return []outage{p.outage(day - 1), p.outage(day)}
}

// delayed returns the event at the time at which the line works.
func (p PBX) delayed(e Event) Event {
	for _, o := range p.around(e.At) {
		if !e.At.Before(o.from) && e.At.Before(o.to) {
			return p.delayed(Event{o.to, e.Event})
		}
	}
	return e
}

// inArrays reports whether an event at an instant waited for it, and is delivered in an array.
func (p PBX) inArrays(at time.Time) bool {
	for _, o := range p.around(at) {
		if o.to.Equal(at) && o.arrays {
			return true
		}
	}
	return false
}

// arrayAtMost is how many events a PBX puts into one array.
const arrayAtMost = 100

// line is the connection from a PBX to the caller that yields its deliveries.
type line struct {
	PBX
	yield  func(Delivery) bool
	last   time.Time // when something was posted
	at     time.Time // when what is collected came
	events []pbx.Event
}

// send posts an event, or collects it for an array. It reports whether to go on.
func (l *line) send(e Event) bool {
	if (!e.At.Equal(l.at) || len(l.events) == arrayAtMost) && !l.post() {
		return false
	}
	l.at, l.events = e.At, append(l.events, e.Event)
	return l.inArrays(e.At) || l.post()
}

// post posts the collected events.
func (l *line) post() bool {
	if len(l.events) == 0 {
		return true
	}
	if l.last = l.last.Add(time.Millisecond); l.at.After(l.last) {
		l.last = l.at
	}
	d := Delivery{MAC: l.MAC, At: l.last, Events: l.events}
	if l.inArrays(l.at) {
		d.Body = Array(l.events, l.Dialect)
	} else {
		d.Body = Body(l.events[0], l.Dialect)
	}
	l.events = nil
	return l.yield(d)
}
