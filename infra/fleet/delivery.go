package fleet

import (
	"iter"
	"time"

	"trunkline/pkg/pbx"
)

// Delivery is one POST of a PBX.
type Delivery struct {
	MAC  pbx.MAC
	At   time.Time // of its arrival, in UTC and to the millisecond
	Body []byte
	// Events are the events of the body, in its order.
	Events []pbx.Event
}

// Deliveries yields what is posted and when, in the order of arrival. No two arrive in the same
// millisecond. Any version of a record may be delivered again after a later version.
func (p PBX) Deliveries() iter.Seq[Delivery] {
	return func(yield func(Delivery) bool) {
		var coming agenda
		line := line{PBX: p, yield: yield}
		dice := p.dice(0)
		for e := range p.Events() {
			if !coming.until(e.At, line.send) {
				return
			}
			p.schedule(&coming, e, dice)
		}
		if coming.until(forever, line.send) {
			line.post()
		}
	}
}

// schedule adds all deliveries of an event.
func (p PBX) schedule(coming *agenda, e Event, dice dice) {
	record, ok := e.Event.(*pbx.CallRecord)
	e.At = e.At.Add(dice.millis(20, 2000))
	if ok && dice.chance(p.config.Late) {
		e.At = e.At.Add(24*time.Hour + dice.millis(0, 95*hour))
	}
	coming.add(p.delayed(e))
	if isSign(e.Event) && dice.chance(p.config.Duplicates) {
		coming.add(p.delayed(Event{e.At.Add(dice.millis(1, hour/6)), e.Event}))
	}
	if ok && dice.chance(p.config.Duplicates) {
		coming.add(p.delayed(Event{e.At.Add(dice.again()), e.Event}))
	}
	if ok && dice.chance(p.config.Restated) {
		coming.add(p.delayed(Event{e.At.Add(dice.again()), restated(record, dice)}))
	}
}

const hour = 60 * 60 * 1000 // in milliseconds

func (d dice) millis(low, high int) time.Duration {
	return time.Duration(d.between(low, high)) * time.Millisecond
}

// again returns how much later a record is delivered again: at once, soon or after days.
func (d dice) again() time.Duration {
	return d.millis(1, oneOf(d, 50, hour/6, 72*hour))
}

// restated returns the record with other values.
func restated(r *pbx.CallRecord, dice dice) *pbx.CallRecord {
	other := *r
	more := func(i pbx.Int) pbx.Int { return pbx.IntOf(i.Or(0) + int64(dice.between(1, 30))) }
	switch oneOf(dice, "talk", "wait", "state", "score") {
	case "talk":
		other.TalkingTime = more(r.TalkingTime)
	case "wait":
		other.QueueTime = more(r.QueueTime)
	case "state":
		if other.CDRState = "queue"; r.CDRState == "queue" {
			other.CDRState = oneOf(dice, "bridged", "ivr", "")
		}
	case "score":
		other.Score = pbx.IntOf(1 + r.Score.Or(0)%5)
	}
	return &other
}
