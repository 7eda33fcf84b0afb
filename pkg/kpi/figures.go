package kpi

import (
	"strconv"
	"time"

	"trunkline/pkg/pbx"
)

// Published says which computation a row is from.
type Published struct {
	ComputedAt time.Time `json:"computed_at"`
	Revision   int64     `json:"revision"`
}

// QueueFigures are the shown figures of a queue's day.
type QueueFigures struct {
	MAC   pbx.MAC `json:"mac"`
	Day   pbx.Day `json:"day"`
	Queue string  `json:"queue"`
	Figures
	Apart
	Agents       int64             `json:"agents"`
	Intervals    []IntervalFigures `json:"intervals"`
	Inputs       Inputs            `json:"inputs"`
	ClockSuspect int64             `json:"clock_suspect"`
	Published
}

// PBXFigures are the shown figures of a whole PBX's day.
type PBXFigures struct {
	MAC pbx.MAC `json:"mac"`
	Day pbx.Day `json:"day"`
	Figures
	IVROnly int64 `json:"ivr_only"`
	Direct  int64 `json:"direct"`
	Apart
	CDR          CDRCounts         `json:"cdr"`
	IVR          []IVRChoice       `json:"ivr"`
	Agents       int64             `json:"agents"`
	Intervals    []IntervalFigures `json:"intervals"`
	Inputs       Inputs            `json:"inputs"`
	ClockSuspect int64             `json:"clock_suspect"`
	// QueuesLeftOut and AgentsLeftOut are how many have no row of their own.
	QueuesLeftOut int64 `json:"queues_left_out,omitempty"`
	AgentsLeftOut int64 `json:"agents_left_out,omitempty"`
	Published
}

// AgentFigures are the shown figures of an agent's day.
type AgentFigures struct {
	MAC               pbx.MAC          `json:"mac"`
	Day               pbx.Day          `json:"day"`
	Agent             string           `json:"agent"`
	Answered          int64            `json:"answered"`
	Missed            int64            `json:"missed"`             // could have been answered
	AnsweredElsewhere int64            `json:"answered_elsewhere"` // rang until another agent answered
	Attempts          int64            `json:"attempts"`
	OutboundCalls     int64            `json:"outbound_calls"`
	OutboundTalk      int64            `json:"outbound_talk_seconds"`
	DirectCalls       int64            `json:"direct_calls"` // inbound, that saw no queue
	DirectTalk        int64            `json:"direct_talk_seconds"`
	Talk              int64            `json:"talk_seconds"`
	Hold              int64            `json:"hold_seconds"`
	WrapUp            *int64           `json:"wrap_up_seconds"` // null: not reported
	Ring              int64            `json:"ring_seconds"`
	Rated             int64            `json:"rated"`
	ScoreMean         *float64         `json:"score_mean"`
	ScoreDistribution map[string]int64 `json:"score_distribution"`
	LoginSeconds      pbx.Int          `json:"login_seconds"`   // null: no session is known
	UnsureSessions    int64            `json:"unsure_sessions"` // without a known end
	Occupancy         *float64         `json:"occupancy"`       // the share of the sessions in which the agent was busy
	Inputs            Inputs           `json:"inputs"`
	ClockSuspect      int64            `json:"clock_suspect"`
	Published
}

// Figures are the shown figures of a Tally. A ratio or mean of nothing is null, never 0. Ratios are from 0
// to 1, and durations in seconds.
type Figures struct {
	Outcomes // short by the shown threshold

	ServiceLevel             ServiceLevel `json:"service_level"`
	ServiceLevelThreshold    int64        `json:"service_level_threshold_seconds"`
	ShortAbandonThreshold    int64        `json:"short_abandon_threshold_seconds"`
	AnsweredWithin           int64        `json:"answered_within_threshold"`
	AbandonedWithin          int64        `json:"abandoned_within_threshold"`
	AbandonmentRate          *float64     `json:"abandonment_rate"`
	AbandonmentRateOfOffered *float64     `json:"abandonment_rate_of_offered"`

	ASA                  *float64 `json:"asa_seconds"` // average speed of answer: mean wait of the answered
	AHT                  *float64 `json:"aht_seconds"` // average handle time
	Talk                 int64    `json:"talk_seconds"`
	Hold                 int64    `json:"hold_seconds"`
	WrapUp               *int64   `json:"wrap_up_seconds"` // null: not reported
	Ring                 int64    `json:"ring_seconds"`
	LongestWait          *int64   `json:"longest_wait_seconds"`
	AbandonedWaitMean    *float64 `json:"abandoned_wait_mean_seconds"`
	AbandonedWaitLongest *int64   `json:"abandoned_wait_longest_seconds"`
	WaitP50              *int64   `json:"wait_p50_seconds"` // of the answered; nearest rank
	WaitP90              *int64   `json:"wait_p90_seconds"`
	WaitP95              *int64   `json:"wait_p95_seconds"`

	Rated             int64            `json:"rated"`
	ScoreMean         *float64         `json:"score_mean"`
	ScoreDistribution map[string]int64 `json:"score_distribution"`
	MissCauses        map[string]int64 `json:"miss_causes"`
	Visits            int64            `json:"visits"`
}

// IntervalFigures are the shown figures of an Interval.
type IntervalFigures struct {
	Start string `json:"start"` // by the PBX's clock, such as 09:15
	Outcomes
	ServiceLevel ServiceLevel `json:"service_level"`
	ASA          *float64     `json:"asa_seconds"`
}

// ServiceLevel is the share of calls that were answered within the threshold, by each common definition.
// The first is the default.
type ServiceLevel struct {
	AnsweredAndAbandoned                *float64 `json:"answered_and_abandoned"`
	ExcludingShortAbandoned             *float64 `json:"excluding_short_abandoned"`
	OfOffered                           *float64 `json:"of_offered"`
	AnsweredOnly                        *float64 `json:"answered_only"`
	ExcludingAbandonedWithinThreshold   *float64 `json:"excluding_abandoned_within_threshold"`
	IncludingFlowOut                    *float64 `json:"including_flow_out"`
	AbandonedWithinThresholdCountsAsMet *float64 `json:"abandoned_within_threshold_counts_as_met"`
}

// Figures returns the shown figures of the row, for thresholds.
func (q Queue) Figures(t Thresholds, p Published) QueueFigures {
	return QueueFigures{q.MAC, q.Day, q.Queue, q.Tally.Figures(t), q.Apart, q.Agents, show(q.Intervals, t), q.Inputs, q.ClockSuspect, p}
}

// Figures returns the shown figures of the row, for thresholds.
func (r PBX) Figures(t Thresholds, p Published) PBXFigures {
	return PBXFigures{
		r.MAC, r.Day, r.Tally.Figures(t), r.IVROnly, r.Direct, r.Apart, r.CDR, append([]IVRChoice{}, r.IVR...),
		r.Agents, show(r.Intervals, t), r.Inputs, r.ClockSuspect, r.QueuesLeftOut, r.AgentsLeftOut, p,
	}
}

// Figures returns the shown figures of the row.
func (a Agent) Figures(p Published) AgentFigures {
	rated, sum := a.Scores.Total()
	return AgentFigures{
		a.MAC, a.Day, a.Agent, a.Answered, a.Missed + a.TriedNotAnswered, a.AnsweredElsewhere, a.Attempts,
		a.OutboundCalls, a.OutboundTalk, a.DirectCalls, a.DirectTalk,
		a.Talk.Sum, a.Hold.Sum, reported(a.WrapUp), a.Ring.Sum, rated, ratio(sum, rated), distribution(a.Scores),
		a.LoginSeconds, a.UnsureSessions, ratio(a.BusySeconds, a.LoginSeconds.Or(0)),
		a.Inputs, a.ClockSuspect, p,
	}
}

// Figures returns the shown figures of a tally.
func (t Tally) Figures(th Thresholds) Figures {
	rated, scores := t.Scores.Total()
	answered, waited := t.AnsweredWaits.Total()
	abandoned, waitedInVain := t.AbandonedWaits.Total()
	f := Figures{
		Outcomes:     t.outcomes(th),
		ServiceLevel: t.ServiceLevel(th), ServiceLevelThreshold: th.ServiceLevel, ShortAbandonThreshold: th.ShortAbandon,
		AnsweredWithin: t.AnsweredWaits.Calls(th.ServiceLevel), AbandonedWithin: t.AbandonedWaits.Calls(th.ServiceLevel),
		AbandonmentRate: ratio(t.Abandoned, t.Answered+t.Abandoned), AbandonmentRateOfOffered: ratio(t.Abandoned, t.Offered),
		ASA: ratio(waited, answered), AHT: ratio(t.HandleTime, t.Handled),
		Talk: t.Talk.Sum, Hold: t.Hold.Sum, WrapUp: reported(t.WrapUp), Ring: t.Ring.Sum,
		AbandonedWaitMean: ratio(waitedInVain, abandoned), AbandonedWaitLongest: optional(t.AbandonedWaits.Max()),
		WaitP50: optional(t.AnsweredWaits.Percentile(50)), WaitP90: optional(t.AnsweredWaits.Percentile(90)),
		WaitP95: optional(t.AnsweredWaits.Percentile(95)),
		Rated:   rated, ScoreMean: ratio(scores, rated), ScoreDistribution: distribution(t.Scores),
		LongestWait: optional(t.Wait.Max, t.Waited > 0), MissCauses: map[string]int64{}, Visits: t.Visits,
	}
	for cause, calls := range t.MissCauses {
		f.MissCauses[cause] = calls
	}
	return f
}

// ServiceLevel returns the service level by all definitions. It leaves out answered calls with an unknown
// wait.
func (c Counts) ServiceLevel(t Thresholds) ServiceLevel {
	met, lost := c.AnsweredWaits.Calls(t.ServiceLevel), c.AbandonedWaits.Calls(t.ServiceLevel)
	answered := c.Answered - c.waitUnknown()
	return ServiceLevel{
		AnsweredAndAbandoned:                ratio(met, answered+c.Abandoned),
		ExcludingShortAbandoned:             ratio(met, answered+c.Abandoned-c.short(t)),
		OfOffered:                           ratio(met, c.Offered-c.waitUnknown()),
		AnsweredOnly:                        ratio(met, answered),
		ExcludingAbandonedWithinThreshold:   ratio(met, answered+c.Abandoned-lost),
		IncludingFlowOut:                    ratio(met, answered+c.Abandoned+c.FlowedOut),
		AbandonedWithinThresholdCountsAsMet: ratio(met+lost, answered+c.Abandoned),
	}
}

// waitUnknown returns how many answered calls have no known wait. Older rows don't say it.
func (c Counts) waitUnknown() int64 {
	waited, _ := c.AnsweredWaits.Total()
	return c.Answered - waited
}

func (c Counts) short(t Thresholds) int64 { return c.GaveUpWaits.Calls(t.ShortAbandon - 1) }

// outcomes returns the outcomes for the shown threshold.
func (c Counts) outcomes(t Thresholds) Outcomes {
	o := c.Outcomes
	o.ShortAbandoned, o.AnsweredWaitUnknown = c.short(t), c.waitUnknown()
	return o
}

func show(intervals []Interval, t Thresholds) []IntervalFigures {
	all := make([]IntervalFigures, 0, len(intervals))
	for _, i := range intervals {
		answered, waited := i.AnsweredWaits.Total()
		all = append(all, IntervalFigures{i.Start(), i.outcomes(t), i.ServiceLevel(t), ratio(waited, answered)})
	}
	return all
}

// Start returns the time of day at which the interval begins, such as 09:15.
func (i Interval) Start() string {
	return (pbx.Day(1).Start() + pbx.LocalTime(i.Minute*60)).String()[len("0001-01-02T"):][:len("09:15")]
}

// ratio returns a/b; null if b is 0.
func ratio(a, b int64) *float64 {
	if b == 0 {
		return nil
	}
	r := float64(a) / float64(b)
	return &r
}

func optional(n int64, ok bool) *int64 {
	if !ok {
		return nil
	}
	return &n
}

// reported returns the sum; null if all values are 0, since then the PBX does not report it.
func reported(t Total) *int64 { return optional(t.Sum, t.Max > 0) }

// distribution returns the shown form of a histogram of scores.
func distribution(h Histogram) map[string]int64 {
	d := make(map[string]int64, len(h))
	for _, bin := range h {
		d[strconv.FormatInt(bin.Value, 10)] = bin.Calls
	}
	return d
}
