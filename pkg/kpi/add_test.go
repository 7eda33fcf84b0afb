package kpi

import (
	"maps"
)

// Plus adds tallies of queue calls, for instance of several days, queues or sites.
func (t Tally) Plus(other Tally) Tally {
	return Tally{
		Counts: t.Counts.Plus(other.Counts), Visits: t.Visits + other.Visits,
		Waited: t.Waited + other.Waited, Wait: t.Wait.plus(other.Wait),
		Talk: t.Talk.plus(other.Talk), Hold: t.Hold.plus(other.Hold),
		WrapUp: t.WrapUp.plus(other.WrapUp), Ring: t.Ring.plus(other.Ring),
		Handled: t.Handled + other.Handled, HandleTime: t.HandleTime + other.HandleTime,
		Scores: t.Scores.plus(other.Scores), MissCauses: sum(t.MissCauses, other.MissCauses),
	}
}

// Plus adds counts.
func (c Counts) Plus(other Counts) Counts {
	return Counts{
		Outcomes:       c.Outcomes.plus(other.Outcomes),
		AnsweredWaits:  c.AnsweredWaits.plus(other.AnsweredWaits),
		AbandonedWaits: c.AbandonedWaits.plus(other.AbandonedWaits),
		GaveUpWaits:    c.GaveUpWaits.plus(other.GaveUpWaits),
	}
}

func (o Outcomes) plus(other Outcomes) Outcomes {
	return Outcomes{
		Offered: o.Offered + other.Offered, Answered: o.Answered + other.Answered, AnsweredWaitUnknown: o.AnsweredWaitUnknown + other.AnsweredWaitUnknown,
		Abandoned: o.Abandoned + other.Abandoned, ShortAbandoned: o.ShortAbandoned + other.ShortAbandoned, Voicemail: o.Voicemail + other.Voicemail,
		FlowedOut: o.FlowedOut + other.FlowedOut, Unknown: o.Unknown + other.Unknown,
	}
}

func sum(a, b map[string]int64) map[string]int64 {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]int64{}
	}
	for name, n := range b {
		all[name] += n
	}
	return all
}

func (t Total) plus(other Total) Total {
	return Total{t.Sum + other.Sum, max(t.Max, other.Max)}
}
