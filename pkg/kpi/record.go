package kpi

import (
	"cmp"
	"time"

	"trunkline/pkg/pbx"
)

// Source says where a record came from.
type Source struct {
	Hash     string    // of its content, its identity in it
	Received time.Time // first
}

// record is what a day keeps of a call record.
type record struct {
	uuid, queue, agent         string
	caller, called             string
	state, missCause, callType string
	start, end                 pbx.LocalTime
	wait, talk, hold           pbx.Int
	wrapUp, ring               pbx.Int
	score                      int64
	voicemail, forwarded       bool
	suspect                    bool
	hash                       string
	direction                  pbx.Direction // with what is known of all records of the day
}

func newRecord(e *pbx.CallRecord, s Source) *record {
	return &record{
		uuid: e.UUID, queue: e.Queue, agent: e.Agent, caller: e.Caller, called: e.Called,
		state: e.CDRState, missCause: e.MissCause, callType: e.CallType, start: e.Start, end: e.End,
		wait: e.QueueTime, talk: e.TalkingTime, hold: e.HoldTime, wrapUp: e.PauseTime, ring: e.RingTime,
		score:     e.Score.Or(0),
		voicemail: e.VoicemailState != "" && e.VoicemailState != "0",
		forwarded: e.ForwardType != "" || e.ForwardNumber != "",
		suspect:   ClockSuspect(e.Start, s.Received),
		hash:      s.Hash, direction: pbx.DirectionOf(e.CallType),
	}
}

// compare puts the records of one call side by side, and those of one queue in it, in the
// order of the answering record.
func (r *record) compare(other *record) int {
	return cmp.Or(cmp.Compare(r.uuid, other.uuid), cmp.Compare(r.queue, other.queue), r.compareStart(other))
}

// compareStart puts the records of one call in the order of the answering record, whatever
// their queues.
func (r *record) compareStart(other *record) int {
	return cmp.Or(cmp.Compare(r.start, other.start), cmp.Compare(r.agent, other.agent), cmp.Compare(r.hash, other.hash))
}

func (r *record) span() span { return span{r.start, r.end} }

// answers tells whether somebody spoke to the caller, and not a machine.
func (r *record) answers() bool {
	if r.agent == "" && (r.voicemail || r.forwarded) {
		return false
	}
	return r.talk.Or(0) > 0 || r.state == "bridged" || r.state == "feedback"
}

// ClockSuspect tells whether a PBX's clock can't have been right. The clock's zone is left
// out of account.
func ClockSuspect(start pbx.LocalTime, received time.Time) bool {
	const day = 24 * 60 * 60
	behind := pbx.LocalTimeOf(received.UTC()) - start
	return behind > 366*day || behind < -2*day
}
