package curated

import (
	"iter"
	"strings"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// key has the first columns of every table.
type key struct {
	MAC string `parquet:"mac,dict"`
	Day int32  `parquet:"day,date"` // days since 1970
}

const secondsPerDay = 24 * 60 * 60

func (d Day) key() key { return key{string(d.MAC), int32(d.Day.Start().Unix() / secondsPerDay)} }

// origin has the last columns of every table of figures.
type origin struct {
	InputsRecords int64     `parquet:"inputs_records"`
	InputsHash    string    `parquet:"inputs_hash"`
	ClockSuspect  int64     `parquet:"clock_suspect"`
	ComputedAt    time.Time `parquet:"computed_at,timestamp(microsecond)"`
	Revision      int64     `parquet:"revision"`
}

func (d Day) origin(b kpi.Basis) origin {
	return origin{b.Inputs.Records, b.Inputs.Hash, b.ClockSuspect, d.Published.ComputedAt.UTC(), d.Published.Revision}
}

type callRow struct {
	key
	UUID           string    `parquet:"uuid"`
	Queue          *string   `parquet:"queue,optional,dict"`
	Class          string    `parquet:"class,dict"`
	Outcome        *string   `parquet:"outcome,optional,dict"`
	StartLocal     int64     `parquet:"start_local,timestamp(microsecond:local)"`
	StartUTC       time.Time `parquet:"start_utc,timestamp(microsecond)"`
	EndLocal       *int64    `parquet:"end_local,optional,timestamp(microsecond:local)"`
	Zone           string    `parquet:"zone,dict"`
	IntervalMinute int64     `parquet:"interval_minute"`
	Caller         *string   `parquet:"caller,optional"`
	Called         *string   `parquet:"called,optional,dict"`
	AnsweredBy     *string   `parquet:"answered_by,optional,dict"`
	Wait           *int64    `parquet:"wait_seconds,optional"`
	Talk           *int64    `parquet:"talk_seconds,optional"`
	Hold           *int64    `parquet:"hold_seconds,optional"`
	WrapUp         *int64    `parquet:"wrap_up_seconds,optional"`
	Ring           *int64    `parquet:"ring_seconds,optional"`
	GaveUp         bool      `parquet:"gave_up"`
	ShortAbandoned bool      `parquet:"short_abandoned"`
	Score          *int64    `parquet:"score,optional"` // null: not rated
	MissCauses     *string   `parquet:"miss_causes,optional,dict"`
	Visits         int64     `parquet:"visits"`
	Attempts       int64     `parquet:"attempts"`
	Records        int64     `parquet:"records"`
	ClockSuspect   bool      `parquet:"clock_suspect"`
}

// calls yields few rows at a time: a day may have very many.
func calls(d Day) iter.Seq2[[]callRow, error] {
	return func(yield func([]callRow, error) bool) {
		if d.Calls == nil {
			return
		}
		rows := make([]callRow, 0, batchRows)
		for c, err := range d.Calls {
			if err != nil {
				yield(nil, err)
				return
			}
			if rows = append(rows, d.call(c)); len(rows) == batchRows {
				if !yield(rows, nil) {
					return
				}
				rows = rows[:0]
			}
		}
		if len(rows) > 0 {
			yield(rows, nil)
		}
	}
}

func (d Day) call(c *kpi.Call) callRow {
	row := callRow{
		key: d.key(), UUID: c.UUID, Queue: text(c.Queue), Class: string(c.Class), Outcome: text(string(c.Outcome)),
		StartLocal: micros(c.Start), StartUTC: d.Zone.TimeOf(c.Start, c.UUID), Zone: d.Zone.String(),
		IntervalMinute: c.Minute(),
		Caller:         text(c.Caller), Called: text(c.Called), AnsweredBy: text(c.AnsweredBy),
		Wait: number(c.Wait), Talk: number(c.Talk), Hold: number(c.Hold),
		WrapUp: number(c.WrapUp), Ring: number(c.Ring),
		GaveUp: c.GaveUp, ShortAbandoned: c.Short, MissCauses: text(strings.Join(c.MissCauses, ",")),
		Visits: c.Visits, Attempts: c.Attempts, Records: c.Records, ClockSuspect: c.Suspect,
	}
	if c.End != 0 {
		end := micros(c.End)
		row.EndLocal = &end
	}
	if c.Score > 0 {
		row.Score = &c.Score
	}
	return row
}

// counts has the columns of kpi.Counts, with the names of kpi.Figures.
type counts struct {
	outcomes
	serviceLevel
	ServiceLevelThreshold int64 `parquet:"service_level_threshold_seconds"`
	AnsweredWithin        int64 `parquet:"answered_within_threshold"`
	AbandonedWithin       int64 `parquet:"abandoned_within_threshold"`

	ASA             *float64 `parquet:"asa_seconds,optional"`
	AnsweredWaited  int64    `parquet:"answered_wait_known"` // calls, for the mean asa_seconds
	AnsweredWait    int64    `parquet:"answered_wait_seconds"`
	AbandonedWaited int64    `parquet:"abandoned_wait_known"`
	AbandonedWait   int64    `parquet:"abandoned_wait_seconds"`
}

func (d Day) counts(c kpi.Counts) counts {
	f := kpi.Tally{Counts: c}.Figures(d.Thresholds)
	row := counts{
		outcomes: outcomes(f.Outcomes), serviceLevel: serviceLevel(f.ServiceLevel), ServiceLevelThreshold: f.ServiceLevelThreshold,
		AnsweredWithin: f.AnsweredWithin, AbandonedWithin: f.AbandonedWithin, ASA: f.ASA,
	}
	row.AnsweredWaited, row.AnsweredWait = c.AnsweredWaits.Total()
	row.AbandonedWaited, row.AbandonedWait = c.AbandonedWaits.Total()
	return row
}

type outcomes struct {
	Offered             int64 `parquet:"offered"`
	Answered            int64 `parquet:"answered"`
	AnsweredWaitUnknown int64 `parquet:"answered_wait_unknown"`
	Abandoned           int64 `parquet:"abandoned"`
	ShortAbandoned      int64 `parquet:"short_abandoned"`
	Voicemail           int64 `parquet:"voicemail"`
	FlowedOut           int64 `parquet:"flowed_out"`
	Unknown             int64 `parquet:"unknown"`
}

type serviceLevel struct {
	AnsweredAndAbandoned                *float64 `parquet:"service_level,optional"`
	ExcludingShortAbandoned             *float64 `parquet:"service_level_excluding_short_abandoned,optional"`
	OfOffered                           *float64 `parquet:"service_level_of_offered,optional"`
	AnsweredOnly                        *float64 `parquet:"service_level_answered_only,optional"`
	ExcludingAbandonedWithinThreshold   *float64 `parquet:"service_level_excluding_abandoned_within_threshold,optional"`
	IncludingFlowOut                    *float64 `parquet:"service_level_including_flow_out,optional"`
	AbandonedWithinThresholdCountsAsMet *float64 `parquet:"service_level_abandoned_within_threshold_counts_as_met,optional"`
}

// figures has the columns of a kpi.Tally, with the names of kpi.Figures.
type figures struct {
	counts
	ShortAbandonThreshold    int64    `parquet:"short_abandon_threshold_seconds"`
	AbandonmentRate          *float64 `parquet:"abandonment_rate,optional"`
	AbandonmentRateOfOffered *float64 `parquet:"abandonment_rate_of_offered,optional"`
	AbandonedWaitMean        *float64 `parquet:"abandoned_wait_mean_seconds,optional"`
	AbandonedWaitLongest     *int64   `parquet:"abandoned_wait_longest_seconds,optional"`
	LongestWait              *int64   `parquet:"longest_wait_seconds,optional"`
	WaitP50                  *int64   `parquet:"wait_p50_seconds,optional"`
	WaitP90                  *int64   `parquet:"wait_p90_seconds,optional"`
	WaitP95                  *int64   `parquet:"wait_p95_seconds,optional"`

	AHT        *float64 `parquet:"aht_seconds,optional"`
	Handled    int64    `parquet:"handled"` // calls, for the mean aht_seconds
	HandleTime int64    `parquet:"handle_seconds"`
	Wait       int64    `parquet:"wait_seconds"`
	Talk       int64    `parquet:"talk_seconds"`
	Hold       int64    `parquet:"hold_seconds"`
	WrapUp     *int64   `parquet:"wrap_up_seconds,optional"`
	Ring       int64    `parquet:"ring_seconds"`

	Rated     int64    `parquet:"rated"`
	ScoreSum  int64    `parquet:"score_sum"`
	ScoreMean *float64 `parquet:"score_mean,optional"`

	MissNoAssign      int64 `parquet:"miss_no_assign"`
	MissNoAgentAnswer int64 `parquet:"miss_no_agent_answer"`
	MissNoAgentLogin  int64 `parquet:"miss_no_agent_login"`
	MissMemberCancel  int64 `parquet:"miss_member_cancel"`
	MissOther         int64 `parquet:"miss_other"`
	Visits            int64 `parquet:"visits"`
}

func (d Day) figures(t kpi.Tally) figures {
	f := t.Figures(d.Thresholds)
	row := figures{
		counts: d.counts(t.Counts), ShortAbandonThreshold: f.ShortAbandonThreshold,
		AbandonmentRate: f.AbandonmentRate, AbandonmentRateOfOffered: f.AbandonmentRateOfOffered,
		AbandonedWaitMean: f.AbandonedWaitMean, AbandonedWaitLongest: f.AbandonedWaitLongest, LongestWait: f.LongestWait,
		WaitP50: f.WaitP50, WaitP90: f.WaitP90, WaitP95: f.WaitP95,
		AHT: f.AHT, Handled: t.Handled, HandleTime: t.HandleTime,
		Wait: t.Wait.Sum, Talk: f.Talk, Hold: f.Hold, WrapUp: f.WrapUp, Ring: f.Ring,
		ScoreMean: f.ScoreMean, Visits: f.Visits,
	}
	row.Rated, row.ScoreSum = t.Scores.Total()
	for cause, calls := range f.MissCauses {
		*row.missed(cause) += calls
	}
	return row
}

// missed returns the column of a miss cause.
func (f *figures) missed(cause string) *int64 {
	switch cause {
	case "NO_ASSIGN":
		return &f.MissNoAssign
	case "NO_AGENT_ANSWER":
		return &f.MissNoAgentAnswer
	case "NO_AGENT_LOGIN":
		return &f.MissNoAgentLogin
	case "MEMBER_CANCEL":
		return &f.MissMemberCancel
	}
	return &f.MissOther
}

// apart counts the calls that are not a customer's call to a queue.
type apart struct {
	Outbound     int64 `parquet:"outbound"`
	Internal     int64 `parquet:"internal"`
	Unrecognised int64 `parquet:"unrecognised"`
}

type queueRow struct {
	key
	Queue string `parquet:"queue,dict"`
	figures
	apart
	Agents int64 `parquet:"agents"`
	origin
}

func queues(d Day) (rows []queueRow) {
	for _, q := range d.Rows.Queues {
		rows = append(rows, queueRow{d.key(), q.Queue, d.figures(q.Tally), apart(q.Apart), q.Agents, d.origin(q.Basis)})
	}
	return rows
}

type pbxRow struct {
	key
	figures
	IVROnly int64 `parquet:"ivr_only"`
	Direct  int64 `parquet:"direct"`
	apart
	CDRCalls        int64 `parquet:"cdr_calls"`
	CDRAnswered     int64 `parquet:"cdr_answered"`
	CDRInbound      int64 `parquet:"cdr_inbound"`
	CDROutbound     int64 `parquet:"cdr_outbound"`
	CDRInternal     int64 `parquet:"cdr_internal"`
	CDRUnrecognised int64 `parquet:"cdr_unrecognised"`
	CDRBillable     int64 `parquet:"cdr_billable_seconds"`
	Agents          int64 `parquet:"agents"`
	origin
}

// pbxs returns the row of the PBX, if the PBX sent anything.
func pbxs(d Day) []pbxRow {
	r := d.Rows.PBX
	if r.Inputs.Records == 0 {
		return nil
	}
	c := r.CDR
	return []pbxRow{{
		d.key(), d.figures(r.Tally), r.IVROnly, r.Direct, apart(r.Apart),
		c.Calls, c.Answered, c.Inbound, c.Outbound, c.Internal, c.Unrecognised, c.Billable, r.Agents, d.origin(r.Basis),
	}}
}

type agentRow struct {
	key
	Agent             string   `parquet:"agent,dict"`
	Answered          int64    `parquet:"answered"`
	Missed            int64    `parquet:"missed"`
	AnsweredElsewhere int64    `parquet:"answered_elsewhere"`
	Attempts          int64    `parquet:"attempts"`
	OutboundCalls     int64    `parquet:"outbound_calls"`
	OutboundTalk      int64    `parquet:"outbound_talk_seconds"`
	DirectCalls       int64    `parquet:"direct_calls"`
	DirectTalk        int64    `parquet:"direct_talk_seconds"`
	Talk              int64    `parquet:"talk_seconds"`
	Hold              int64    `parquet:"hold_seconds"`
	WrapUp            *int64   `parquet:"wrap_up_seconds,optional"`
	Ring              int64    `parquet:"ring_seconds"`
	Rated             int64    `parquet:"rated"`
	ScoreSum          int64    `parquet:"score_sum"`
	ScoreMean         *float64 `parquet:"score_mean,optional"`
	LoginSeconds      *int64   `parquet:"login_seconds,optional"` // null: no session is known
	UnsureSessions    int64    `parquet:"unsure_sessions"`
	BusySeconds       int64    `parquet:"busy_seconds"` // during sessions, for occupancy
	Occupancy         *float64 `parquet:"occupancy,optional"`
	origin
}

func agents(d Day) (rows []agentRow) {
	for _, a := range d.Rows.Agents {
		f := a.Figures(d.Published)
		_, scores := a.Scores.Total()
		rows = append(rows, agentRow{
			d.key(), a.Agent, f.Answered, f.Missed, f.AnsweredElsewhere, f.Attempts,
			f.OutboundCalls, f.OutboundTalk, f.DirectCalls, f.DirectTalk,
			f.Talk, f.Hold, f.WrapUp, f.Ring, f.Rated, scores, f.ScoreMean,
			number(f.LoginSeconds), f.UnsureSessions, a.BusySeconds, f.Occupancy, d.origin(a.Basis),
		})
	}
	return rows
}

type intervalRow struct {
	key
	Queue  string `parquet:"queue,dict"`
	Minute int64  `parquet:"minute"` // of the day; the interval begins there
	Start  string `parquet:"start,dict"`
	counts
}

func intervals(d Day) (rows []intervalRow) {
	for _, q := range d.Rows.Queues {
		for _, i := range q.Intervals {
			rows = append(rows, intervalRow{d.key(), q.Queue, i.Minute, i.Start(), d.counts(i.Counts)})
		}
	}
	return rows
}

type waitRow struct {
	key
	Queue   string `parquet:"queue,dict"`
	Outcome string `parquet:"outcome,dict"` // answered, abandoned, or gave_up: the abandoned ones that may be short
	Wait    int64  `parquet:"wait_seconds"`
	Calls   int64  `parquet:"calls"`
}

func waits(d Day) (rows []waitRow) {
	for _, q := range d.Rows.Queues {
		for _, of := range []struct {
			outcome string
			waits   kpi.Histogram
		}{{"answered", q.AnsweredWaits}, {"abandoned", q.AbandonedWaits}, {"gave_up", q.GaveUpWaits}} {
			for _, bin := range of.waits {
				rows = append(rows, waitRow{d.key(), q.Queue, of.outcome, bin.Value, bin.Calls})
			}
		}
	}
	return rows
}

// micros converts a wall clock to Parquet's: microseconds since 1970, as if in UTC.
func micros(t pbx.LocalTime) int64 { return t.Unix() * 1_000_000 }

// text returns null for an empty text.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func number(i pbx.Int) *int64 {
	if !i.Known() {
		return nil
	}
	n := i.Or(0)
	return &n
}
