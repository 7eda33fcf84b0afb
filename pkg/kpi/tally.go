package kpi

import (
	"cmp"
	"math"

	"trunkline/pkg/pbx"
)

// tallying is a tally of queue calls that grows call by call. It needs little more memory than its
// result.
type tallying struct {
	tally     Tally // without its counts
	counts    counting
	scores    values
	intervals [24 * 60 / IntervalMinutes]*counting
	agents    map[string]bool // the tried agents
}

// add adds a queue call.
func (t *tallying) add(c *Call, s Settings) {
	t.counts.add(c)
	i := c.Minute() / IntervalMinutes
	if t.intervals[i] == nil {
		t.intervals[i] = &counting{}
	}
	t.intervals[i].add(c)
	t.sum(c, s)
}

// sum adds the figures that intervals do not have.
func (t *tallying) sum(c *Call, s Settings) {
	n := &t.tally
	n.Visits += c.Visits
	if c.Wait.Known() {
		n.Waited++
		n.Wait.add(c.Wait.Or(0))
	}
	n.Talk.add(c.Talk.Or(0))
	n.Hold.add(c.Hold.Or(0))
	n.WrapUp.add(c.WrapUp.Or(0))
	n.Ring.add(c.Ring.Or(0))
	if c.Score > 0 {
		t.scores.add(c.Score)
	}
	if c.Outcome != Answered {
		for _, cause := range c.MissCauses {
			if n.MissCauses == nil {
				n.MissCauses = map[string]int64{}
			}
			n.MissCauses[cause]++
		}
	} else if c.Talk.Known() {
		n.Handled++
		n.HandleTime += c.Talk.Or(0) + c.WrapUp.Or(0)
		if !s.TalkIncludesHold {
			n.HandleTime += c.Hold.Or(0)
		}
	}
}

// tried notes the agents that a queue call tried.
func (t *tallying) tried(c *Call) {
	for _, r := range c.counted {
		if r.agent != "" && !t.agents[r.agent] {
			if t.agents == nil {
				t.agents = map[string]bool{}
			}
			t.agents[r.agent] = true
		}
	}
}

// tallied returns the tally of all calls, and the counts of each quarter of an hour by when calls began.
func (t *tallying) tallied() (tally Tally, intervals []Interval) {
	tally = t.tally
	tally.Counts, tally.Scores = t.counts.counted(), t.scores.histogram()
	if tally.MissCauses == nil {
		tally.MissCauses = map[string]int64{}
	}
	for i, n := range t.intervals {
		if n != nil {
			intervals = append(intervals, Interval{int64(i) * IntervalMinutes, n.counted()})
		}
	}
	return tally, intervals
}

// counting are Counts that grow call by call.
type counting struct {
	outcomes                    Outcomes
	answered, abandoned, gaveUp values
}

// add counts a queue call by its outcome.
func (n *counting) add(c *Call) {
	n.outcomes.Offered++
	switch c.Outcome {
	case Answered:
		n.outcomes.Answered++
		n.answered.addKnown(c.Wait)
		if !c.Wait.Known() {
			n.outcomes.AnsweredWaitUnknown++
		}
	case Abandoned:
		n.outcomes.Abandoned++
		n.abandoned.addKnown(c.Wait)
	case Voicemail:
		n.outcomes.Voicemail++
	case FlowedOut:
		n.outcomes.FlowedOut++
	default:
		n.outcomes.Unknown++
	}
	if c.GaveUp {
		n.gaveUp.addKnown(c.Wait)
	}
	if c.Short {
		n.outcomes.ShortAbandoned++
	}
}

func (n *counting) counted() Counts {
	return Counts{
		Outcomes: n.outcomes, AnsweredWaits: n.answered.histogram(),
		AbandonedWaits: n.abandoned.histogram(), GaveUpWaits: n.gaveUp.histogram(),
	}
}

// Minute returns the minute of the day at which the call's interval begins.
func (c *Call) Minute() int64 {
	minute := int64(c.Start-c.Start.Day().Start()) / 60
	return minute - minute%IntervalMinutes
}

// IntervalMinutes is the length of an Interval.
const IntervalMinutes = 15

// together joins the queue calls of one uuid to the PBX's call, as far as it is tallied. The call began at
// start.
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

// waitOf returns how long a call waited in its queues until it was first answered. No second counts twice.
// It is unknown if the wait in each queue is.
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

// answeredAt returns when the wait of an answered call ended.
func (c *Call) answeredAt() int64 {
	if c.Wait.Known() {
		return c.waited.to
	}
	return c.deciding.answered()
}

// decides reports whether the call, rather than the other part, decides the outcome of the whole. The
// earliest answered part decides. If no part was answered, the one with the last record does.
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
