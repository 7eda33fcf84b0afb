package kpi

import (
	"cmp"
	"math"
	"slices"

	"trunkline/pkg/pbx"
)

// tally counts queue calls.
func tally(calls []*Call, s Settings) Tally {
	t := Tally{Counts: count(calls), MissCauses: map[string]int64{}}
	var scores []int64
	for _, c := range calls {
		t.Visits += c.Visits
		if c.Wait.Known() {
			t.Waited++
			t.Wait.add(c.Wait.Or(0))
		}
		t.Talk.add(c.Talk.Or(0))
		t.Hold.add(c.Hold.Or(0))
		t.WrapUp.add(c.WrapUp.Or(0))
		t.Ring.add(c.Ring.Or(0))
		if c.Score > 0 {
			scores = append(scores, c.Score)
		}
		if c.Outcome != Answered {
			for _, cause := range c.MissCauses {
				t.MissCauses[cause]++
			}
		} else if c.Talk.Known() {
			t.Handled++
			t.HandleTime += c.Talk.Or(0) + c.WrapUp.Or(0)
			if !s.TalkIncludesHold {
				t.HandleTime += c.Hold.Or(0)
			}
		}
	}
	t.Scores = histogramOf(scores)
	return t
}

// count counts queue calls by their outcomes.
func count(calls []*Call) Counts {
	n := Counts{Outcomes: Outcomes{Offered: int64(len(calls))}}
	var answered, abandoned, gaveUp []int64
	for _, c := range calls {
		switch c.Outcome {
		case Answered:
			n.Answered++
			answered = appendKnown(answered, c)
			if !c.Wait.Known() {
				n.AnsweredWaitUnknown++
			}
		case Abandoned:
			n.Abandoned++
			abandoned = appendKnown(abandoned, c)
		case Voicemail:
			n.Voicemail++
		case FlowedOut:
			n.FlowedOut++
		default:
			n.Unknown++
		}
		if c.GaveUp {
			gaveUp = appendKnown(gaveUp, c)
		}
		if c.Short {
			n.ShortAbandoned++
		}
	}
	n.AnsweredWaits, n.AbandonedWaits, n.GaveUpWaits = histogramOf(answered), histogramOf(abandoned), histogramOf(gaveUp)
	return n
}

// appendKnown appends the call's wait, where it is known.
func appendKnown(waits []int64, c *Call) []int64 {
	if c.Wait.Known() {
		waits = append(waits, c.Wait.Or(0))
	}
	return waits
}

// intervals counts the calls that began in each quarter of an hour. It reorders them.
func intervals(calls []*Call) (all []Interval) {
	slices.SortStableFunc(calls, func(a, b *Call) int { return cmp.Compare(a.Minute(), b.Minute()) })
	for group := range groups(calls, func(a, b *Call) bool { return a.Minute() == b.Minute() }) {
		all = append(all, Interval{group[0].Minute(), count(group)})
	}
	return all
}

// Minute is the minute of the day at which the call's interval begins.
func (c *Call) Minute() int64 {
	minute := int64(c.Start-c.Start.Day().Start()) / 60
	return minute - minute%IntervalMinutes
}

// IntervalMinutes is the length of an Interval.
const IntervalMinutes = 15

// agentsTried is how many distinct agents were tried for the calls.
func agentsTried(calls []*Call) int64 {
	agents := map[string]bool{}
	for _, c := range calls {
		for _, r := range c.counted {
			if r.agent != "" {
				agents[r.agent] = true
			}
		}
	}
	return int64(len(agents))
}

// together is the call that the PBX's queue calls of one uuid are, as far as it is tallied.
// It began at start.
func together(parts []*Call, start pbx.LocalTime, s Settings) *Call {
	whole, decisive := *parts[0], parts[0]
	whole.Start = start
	for _, c := range parts[1:] {
		whole.join(c)
		if c.decides(decisive) {
			decisive = c
		}
	}
	whole.Outcome = decisive.Outcome
	if decisive.Outcome == Answered {
		whole.Ring, whole.Score = decisive.Ring, cmp.Or(decisive.Score, whole.Score)
	}
	whole.Wait = waitOf(parts, decisive)
	whole.judge(s)
	return &whole
}

// join adds the figures of another queue call of the uuid.
func (c *Call) join(other *Call) {
	c.Talk, c.Hold, c.WrapUp = plus(c.Talk, other.Talk), plus(c.Hold, other.Hold), plus(c.WrapUp, other.WrapUp)
	c.Visits += other.Visits
	c.Ring = longer(c.Ring, other.Ring)
	if other.scored != nil && (c.scored == nil || other.scored.compareStart(c.scored) < 0) {
		c.Score, c.scored = other.Score, other.scored
	}
	for _, cause := range other.MissCauses {
		c.miss(cause)
	}
	c.unstaffed = c.unstaffed || other.unstaffed
	if other.last.compareLast(c.last) > 0 {
		c.last = other.last
	}
}

// waitOf is how long a call waited in any of its queues, until it was first answered: no
// second counts twice. It is unknown where that of each of them is.
func waitOf(parts []*Call, decisive *Call) pbx.Int {
	until := int64(math.MaxInt64)
	if decisive.Outcome == Answered {
		until = decisive.answeredAt()
	}
	var waits []interval
	for _, c := range parts {
		if c.Wait.Known() {
			waits = append(waits, c.waited.within(interval{math.MinInt64, until}))
		}
	}
	if len(waits) == 0 {
		return pbx.Int{}
	}
	return pbx.IntOf(covered(waits))
}

// answeredAt is when an answered call's wait was over.
func (c *Call) answeredAt() int64 {
	if c.Wait.Known() {
		return c.waited.to
	}
	return c.deciding.answered()
}

// decides reports whether the call rather than another part decides what became of the whole:
// one that was answered does, the earliest of them, else the one where the caller was last.
func (c *Call) decides(other *Call) bool {
	if answered := c.Outcome == Answered; answered != (other.Outcome == Answered) {
		return answered
	} else if answered {
		return c.deciding.compareStart(other.deciding) < 0
	}
	return c.last.compareLast(other.last) > 0
}

func (a *Apart) add(c Class) {
	switch c {
	case ClassOutbound:
		a.Outbound++
	case ClassInternal:
		a.Internal++
	case ClassUnrecognised:
		a.Unrecognised++
	}
}
