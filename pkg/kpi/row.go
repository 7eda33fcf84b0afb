package kpi

import "trunkline/pkg/pbx"

// Queue is the row of one queue's day. All its numbers except Agents may be added to those of other rows.
type Queue struct {
	MAC   pbx.MAC `json:"mac"`
	Day   pbx.Day `json:"day"`
	Queue string  `json:"queue"`
	Tally
	Apart
	Agents    int64      `json:"agents"` // distinct ones that were tried
	Intervals []Interval `json:"intervals,omitempty"`
	Basis
}

// PBX is the row of a whole PBX's day, of distinct calls. Those that entered a queue are in the Tally. The
// others are counted apart.
type PBX struct {
	MAC pbx.MAC `json:"mac"`
	Day pbx.Day `json:"day"`
	Tally
	IVROnly int64 `json:"ivr_only"` // inbound, without a queue: they ended in a menu
	Direct  int64 `json:"direct"`   // inbound, without a queue: all others
	Apart
	CDR       CDRCounts   `json:"cdr"`
	IVR       []IVRChoice `json:"ivr,omitempty"` // by menu and key
	Agents    int64       `json:"agents"`        // distinct ones that were tried
	Intervals []Interval  `json:"intervals,omitempty"`
	// QueuesLeftOut and AgentsLeftOut are how many have no row: see Rows.Bounded.
	QueuesLeftOut int64 `json:"queues_left_out,omitempty"`
	AgentsLeftOut int64 `json:"agents_left_out,omitempty"`
	Basis
}

// Agent is the row of one agent's day. It counts queue calls that tried the agent, the agent's outbound and
// direct calls, and sessions.
type Agent struct {
	MAC      pbx.MAC `json:"mac"`
	Day      pbx.Day `json:"day"`
	Agent    string  `json:"agent"`
	Answered int64   `json:"answered"`
	// Missed are calls that the agent could have answered. AnsweredElsewhere are calls that rang
	// until another agent answered.
	Missed            int64 `json:"missed"`
	AnsweredElsewhere int64 `json:"answered_elsewhere"`
	// TriedNotAnswered is the sum of both, in rows that the first rules computed.
	TriedNotAnswered int64     `json:"tried_not_answered,omitempty"`
	Attempts         int64     `json:"attempts"` // how often the agent's phone rang, for any calls
	OutboundCalls    int64     `json:"outbound_calls"`
	OutboundTalk     int64     `json:"outbound_talk_seconds"`
	DirectCalls      int64     `json:"direct_calls"` // inbound, that saw no queue
	DirectTalk       int64     `json:"direct_talk_seconds"`
	Talk             Total     `json:"talk"`
	Hold             Total     `json:"hold"`
	WrapUp           Total     `json:"wrap_up"`
	Ring             Total     `json:"ring"`
	Scores           Histogram `json:"scores,omitempty"` // of rated calls
	// LoginSeconds is the length of the day's sessions; unknown if there is no session.
	// UnsureSessions is how many sessions have no known end. BusySeconds is how long the agent
	// talked, held a call or wrapped one up in them.
	LoginSeconds   pbx.Int `json:"login_seconds,omitzero"`
	UnsureSessions int64   `json:"unsure_sessions"`
	BusySeconds    int64   `json:"busy_seconds"`
	Basis
}

// Tally has the counts and sums of queue calls.
type Tally struct {
	Counts
	Visits int64 `json:"visits"`
	Waited int64 `json:"waited"` // calls with a known wait
	Wait   Total `json:"wait"`
	Talk   Total `json:"talk"`
	Hold   Total `json:"hold"`
	WrapUp Total `json:"wrap_up"`
	Ring   Total `json:"ring"`
	// Handled are the answered calls with known talk. HandleTime is their talk, hold and wrap-up in
	// seconds. Hold counts once if talk includes it.
	Handled    int64            `json:"handled"`
	HandleTime int64            `json:"handle_seconds"`
	Scores     Histogram        `json:"scores,omitempty"`      // of rated calls
	MissCauses map[string]int64 `json:"miss_causes,omitempty"` // of unanswered calls; a call may have several
}

// Outcomes are the calls by their outcomes.
type Outcomes struct {
	Offered  int64 `json:"offered"`
	Answered int64 `json:"answered"`
	// AnsweredWaitUnknown are answered calls with an unknown wait. They are in neither part of a
	// service level.
	AnsweredWaitUnknown int64 `json:"answered_wait_unknown"`
	Abandoned           int64 `json:"abandoned"`
	ShortAbandoned      int64 `json:"short_abandoned"`
	Voicemail           int64 `json:"voicemail"`
	FlowedOut           int64 `json:"flowed_out"`
	Unknown             int64 `json:"unknown"`
}

// Counts are the calls by their outcomes, and how long they waited.
type Counts struct {
	Outcomes // short by the threshold of Basis
	// Waits in seconds. GaveUpWaits are the waits of abandoned calls that may count as short. They
	// allow other thresholds than that of ShortAbandoned.
	AnsweredWaits  Histogram `json:"answered_waits,omitempty"`
	AbandonedWaits Histogram `json:"abandoned_waits,omitempty"`
	GaveUpWaits    Histogram `json:"gave_up_waits,omitempty"`
}

// Apart are the calls that are not customers' calls to a queue.
type Apart struct {
	Outbound     int64 `json:"outbound"`
	Internal     int64 `json:"internal"`
	Unrecognised int64 `json:"unrecognised"`
}

// Total is the sum and the largest of known durations in seconds.
type Total struct {
	Sum int64 `json:"sum"`
	Max int64 `json:"max"`
}

// Interval counts the calls that began in 15 minutes of the PBX's clock.
type Interval struct {
	Minute int64 `json:"minute"` // of the day, at which it begins
	Counts
}

// CDRCounts are the calls in the PBX's plain call detail records, by their uniqueids.
type CDRCounts struct {
	Calls    int64 `json:"calls"`
	Answered int64 `json:"answered"` // a leg's disposition is ANSWERED
	Inbound  int64 `json:"inbound"`
	Apart
	Billable int64 `json:"billable_seconds"` // the longest leg of each
}

// IVRChoice is how many calls pressed a key in a menu.
type IVRChoice struct {
	IVR   string `json:"ivr_id"`
	Key   string `json:"key"` // empty: no key
	Calls int64  `json:"calls"`
}

// Basis describes the records that a row was computed from.
type Basis struct {
	Inputs Inputs `json:"inputs"`
	// ClockSuspect is how many records have a time that is far from their receipt, or from the
	// time in the id of their call.
	ClockSuspect int64 `json:"clock_suspect"`
	Settings
}

// Inputs identifies a set of records.
type Inputs struct {
	Records int64  `json:"records"`
	Hash    string `json:"hash"` // of their identities and contents, not of their receipts
}

func (t *Total) add(seconds int64) {
	t.Sum += seconds
	t.Max = max(t.Max, seconds)
}
