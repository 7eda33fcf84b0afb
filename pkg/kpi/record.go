package kpi

import (
	"cmp"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// Source says where a record came from.
type Source struct {
	Hash     string    // of its content, its identity in it
	Received time.Time // first
	Index    int       // its place in the array that was received
}

// compare puts what was received first before what was received later.
func (s Source) compare(other Source) int {
	return cmp.Or(s.Received.Compare(other.Received), cmp.Compare(s.Index, other.Index), cmp.Compare(s.Hash, other.Hash))
}

// record is what a day keeps of a call record.
type record struct {
	Source
	uuid, queue, agent         string
	place                      pbx.IDPlace // of the uuid
	caller, called             string
	state, missCause, callType string
	start, end                 pbx.LocalTime // as they were told
	interval                                 // from the start until the end
	wait, talk, hold           pbx.Int
	wrapUp, ring               pbx.Int
	score                      int64
	voicemail, forwarded       bool
	suspect                    bool
	direction                  pbx.Direction // with what is known of all records of the day
}

func newRecord(e *pbx.CallRecord, s Source, zone pbx.Zone) *record {
	r := &record{
		Source: s, uuid: pbx.ShortName(e.UUID), queue: code(e.Queue), agent: code(pbx.AgentCode(e.Agent)),
		caller: pbx.ShortName(e.Caller), called: pbx.ShortName(e.Called),
		state: strings.ToLower(word(e.CDRState)), missCause: strings.ToUpper(word(e.MissCause)),
		callType: word(e.CallType), start: e.Start, end: e.End,
		wait: duration(e.QueueTime), talk: duration(e.TalkingTime), hold: duration(e.HoldTime),
		wrapUp: duration(e.PauseTime), ring: duration(e.RingTime),
		score: e.Score.Or(0), voicemail: e.LeftMessage(), forwarded: e.Forwarded(),
		suspect: suspect(zone, e.UUID, e.Start, s.Received),
	}
	r.place, r.interval = pbx.PlaceOf(r.uuid), r.lasts(zone, duration(e.Duration))
	return r
}

// code is a queue or an agent; empty where that says nothing.
func code(s string) string {
	if pbx.AbsentCode(s) {
		return ""
	}
	return word(s)
}

// word is a text without blanks around it, in a length that rows can have.
func word(s string) string { return pbx.ShortName(strings.TrimSpace(s)) }

// duration is one that a record can have, or unknown.
func duration(seconds pbx.Int) pbx.Int {
	if n := seconds.Or(-1); n < 0 || n > pbx.MaxDuration {
		return pbx.Int{}
	}
	return seconds
}

// lasts is the time of the record. Where it tells no end, or one that can't be its own, before
// its start or over pbx.MaxDuration after it, it lasts for its duration, else for its wait and
// talk.
func (r *record) lasts(zone pbx.Zone, duration pbx.Int) interval {
	start := zone.TimeOf(r.start, r.uuid)
	from := start.Unix()
	if r.end != 0 {
		if to := zone.TimeSince(r.end, start).Unix(); to >= from && to-from <= pbx.MaxDuration {
			return interval{from, to}
		}
	}
	return interval{from, from + duration.Or(r.wait.Or(0)+r.talk.Or(0))}
}

// compare puts the records of one call side by side, and those of one queue in it, in the
// order of the answering record.
func (r *record) compare(other *record) int {
	if order := r.place.Compare(other.place); order != 0 {
		return order
	}
	return cmp.Or(cmp.Compare(r.queue, other.queue), r.compareStart(other))
}

// compareStart puts the records of one call in the order of the answering record, whatever
// their queues.
func (r *record) compareStart(other *record) int {
	return cmp.Or(cmp.Compare(r.from, other.from), cmp.Compare(r.agent, other.agent), cmp.Compare(r.Hash, other.Hash))
}

// compareLast puts the last record of a call last: that of the latest start and end, and of
// those the one that was received last.
func (r *record) compareLast(other *record) int {
	return cmp.Or(r.interval.compare(other.interval), r.Source.compare(other.Source))
}

// answers reports whether somebody spoke to the caller, and not a machine.
func (r *record) answers() bool {
	if r.agent == "" && (r.voicemail || r.forwarded) {
		return false
	}
	return r.talk.Or(0) > 0 || r.state == "bridged" || r.state == "feedback"
}

// answered is when a record that answers did so: at the earlier of the end of its wait and
// the beginning of its talk, as far as they are known, and not before it starts.
func (r *record) answered() int64 {
	at := r.from
	switch talk := r.to - r.talk.Or(0); {
	case r.wait.Known() && r.talk.Known():
		at = min(r.from+r.wait.Or(0), talk)
	case r.wait.Known():
		at = r.from + r.wait.Or(0)
	case r.talk.Known():
		at = talk
	}
	return max(at, r.from)
}

// unstaffed reports whether nobody was there to answer.
func (r *record) unstaffed() bool {
	return r.missCause == "NO_AGENT_LOGIN" || r.missCause == "NO_ASSIGN"
}

// ClockSuspect reports whether a PBX's clock can't have been right. The clock's zone is left
// out of account.
func ClockSuspect(start pbx.LocalTime, received time.Time) bool {
	const day = 24 * 60 * 60
	behind := pbx.LocalTimeOf(received.UTC()) - start
	return behind > 366*day || behind < -2*day
}

// How long a record may start before and after its call was named: PBXs read their clock up
// to a minute before they name a call, and none waits in menus and queues for a day.
const (
	startsBefore = time.Minute
	startsAfter  = 24 * time.Hour
)

// suspect is ClockSuspect, or reports that the id of the call tells another time in the zone.
func suspect(zone pbx.Zone, id string, start pbx.LocalTime, received time.Time) bool {
	named, ok := pbx.NamedAt(id)
	if !ok {
		return ClockSuspect(start, received)
	}
	after := zone.TimeOf(start, id).Sub(named)
	return after < -startsBefore || after > startsAfter || ClockSuspect(start, received)
}
