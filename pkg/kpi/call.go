package kpi

import (
	"cmp"
	"slices"

	"trunkline/pkg/pbx"
)

// Call is one queue call, or a call without a queue: the records of a uuid in a queue, and their
// figures.
type Call struct {
	UUID  string `json:"uuid"`
	Queue string `json:"queue,omitempty"`
	Class Class  `json:"class"`
	// Outcome is set for queue calls only.
	Outcome Outcome `json:"outcome,omitempty"`

	Start      pbx.LocalTime `json:"start"`        // of the earliest record
	End        pbx.LocalTime `json:"end,omitzero"` // of the last record that has an end
	Caller     string        `json:"caller,omitempty"`
	Called     string        `json:"called,omitempty"`
	AnsweredBy string        `json:"answered_by,omitempty"` // the agent, if known
	Wait       pbx.Int       `json:"wait_seconds,omitzero"`
	Talk       pbx.Int       `json:"talk_seconds,omitzero"`
	Hold       pbx.Int       `json:"hold_seconds,omitzero"`
	WrapUp     pbx.Int       `json:"wrap_up_seconds,omitzero"`
	Ring       pbx.Int       `json:"ring_seconds,omitzero"`
	GaveUp     bool          `json:"gave_up,omitempty"` // abandoned, and the caller ended it
	Short      bool          `json:"short_abandoned,omitempty"`
	Score      int64         `json:"score,omitempty"` // 0: not rated
	MissCauses []string      `json:"miss_causes,omitempty"`
	Visits     int64         `json:"visits"`
	Attempts   int64         `json:"attempts"` // how often a phone rang
	Records    int64         `json:"records"`
	Suspect    bool          `json:"clock_suspect,omitempty"`

	records  []*record // all its records
	counted  []*record // the records that count
	last     *record   // the last of the counted
	ended    *record   // the last of the counted that has an end
	reason   string    // for its outcome
	deciding *record   // the record that shows the outcome
	scored   *record   // the earliest with a score
	// waited is when it waited in the queue, if known. unstaffed reports that a queue had nobody
	// to answer.
	waited    interval
	unstaffed bool
}

// Class is the kind of a call.
type Class string

// The classes of calls, in the order in which they are tried. Only queue calls have outcomes.
const (
	ClassQueue        Class = "queue"
	ClassDirect       Class = "direct"
	ClassIVROnly      Class = "ivr_only"
	ClassOutbound     Class = "outbound"
	ClassInternal     Class = "internal"
	ClassUnrecognised Class = "unrecognised"
)

var classes = []Class{ClassQueue, ClassDirect, ClassIVROnly, ClassOutbound, ClassInternal, ClassUnrecognised}

// newCall returns a call made of its own records, in their order. all are the records of the uuid.
func newCall(own, all []*record, s Settings) *Call {
	c := &Call{UUID: own[0].uuid, Queue: own[0].queue, records: own}
	c.classify()
	c.Start = own[0].start
	for _, r := range c.counted {
		c.add(r)
	}
	if c.Class == ClassQueue {
		c.decide(all)
		c.judge(s)
	}
	return c
}

// classify sets the class of the call, by the first direction that any of its records has. The records
// of that direction count.
func (c *Call) classify() {
	for _, d := range []pbx.Direction{pbx.Inbound, pbx.Outbound, pbx.Internal, pbx.UnknownDirection} {
		if c.counted = withDirection(c.records, d); len(c.counted) == 0 {
			continue
		}
		switch {
		case d != pbx.Inbound:
			c.Class = Class(d)
		case c.Queue != "":
			c.Class = ClassQueue
		case !slices.ContainsFunc(c.counted, func(r *record) bool { return r.state != "ivr" }):
			c.Class = ClassIVROnly
		default:
			c.Class = ClassDirect
		}
		return
	}
}

// withDirection returns the records of a direction. It makes no copy if that is all of them.
func withDirection(records []*record, d pbx.Direction) []*record {
	other := func(r *record) bool { return r.direction != d }
	if !slices.ContainsFunc(records, other) {
		return records
	}
	return slices.DeleteFunc(slices.Clone(records), other)
}

// add adds a record's figures to the call's.
func (c *Call) add(r *record) {
	if c.last == nil || r.from != c.last.from {
		c.Visits++
	}
	c.Records++
	if c.last == nil || r.compareLast(c.last) > 0 {
		c.last = r
	}
	if r.end != 0 && (c.ended == nil || r.to > c.ended.to) {
		c.End, c.ended = r.end, r
	}
	c.Caller, c.Called = cmp.Or(c.Caller, r.caller), cmp.Or(c.Called, r.called)
	c.Talk, c.Hold, c.WrapUp = plus(c.Talk, r.talk), plus(c.Hold, r.hold), plus(c.WrapUp, r.wrapUp)
	c.Ring = longer(c.Ring, r.ring)
	if r.wait.Or(-1) > c.Wait.Or(-1) {
		c.waits(r.from, r.wait)
	}
	if c.scored == nil && r.score != 0 {
		c.Score, c.scored = r.score, r
	}
	if r.agent != "" {
		c.Attempts++
	}
	c.miss(r.missCause)
	c.unstaffed = c.unstaffed || r.unstaffed()
	c.Suspect = c.Suspect || r.suspect
}

// causesOfACall is the most miss causes of a call. PBXs have four.
const causesOfACall = 100

func (c *Call) miss(cause string) {
	if cause != "" && len(c.MissCauses) < causesOfACall && !slices.Contains(c.MissCauses, cause) {
		c.MissCauses = append(c.MissCauses, cause)
	}
}

// waits sets from when the call waited, and for how long.
func (c *Call) waits(from int64, seconds pbx.Int) {
	c.Wait, c.waited = seconds, interval{from, from + seconds.Or(0)}
}

// plus adds what is known.
func plus(a, b pbx.Int) pbx.Int {
	switch {
	case !a.Known():
		return b
	case !b.Known():
		return a
	}
	return pbx.IntOf(a.Or(0) + b.Or(0))
}

func longer(a, b pbx.Int) pbx.Int {
	if b.Or(-1) > a.Or(-1) {
		return b
	}
	return a
}

// CountNames returns the names of the figures that CountsAs knows.
func CountNames() []string {
	return []string{"offered", string(Answered), string(Abandoned), "short_abandoned", string(Voicemail), string(FlowedOut), string(Unknown),
		string(ClassOutbound), string(ClassInternal), string(ClassUnrecognised)}
}

// CountsAs reports whether a figure of the queue's row counts the call.
func (c *Call) CountsAs(figure string) bool {
	switch figure {
	case "offered":
		return c.Class == ClassQueue
	case "short_abandoned":
		return c.Short
	}
	return figure == string(c.Outcome) || figure == string(c.Class) && c.Class != ClassQueue
}
