package kpi

import (
	"cmp"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// Source says where a record came from.
type Source struct {
	Hash     string    // of its content
	Received time.Time // for the first time
	Index    int       // its place in the received array
}

// compare orders sources by their receipt.
func (s Source) compare(other Source) int {
	return cmp.Or(s.Received.Compare(other.Received), cmp.Compare(s.Index, other.Index), cmp.Compare(s.Hash, other.Hash))
}

// record is the part of a call record that a day keeps.
type record struct {
	Source
	uuid, queue, agent         string
	place                      pbx.IDPlace // of the uuid
	caller, called             string
	state, missCause, callType string
	start, end                 pbx.LocalTime // as the PBX sent them
	interval                                 // from start to end
	wait, talk, hold           pbx.Int
	wrapUp, ring               pbx.Int
	score                      int64
	voicemail, forwarded       bool
	suspect                    bool
	direction                  pbx.Direction // judged by all records of the day
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

// code returns a queue or an agent; empty if the text means none.
func code(s string) string {
	if pbx.AbsentCode(s) {
		return ""
	}
	return word(s)
}

// word returns a text without blanks around it, shortened for rows.
func word(s string) string { return pbx.ShortName(strings.TrimSpace(s)) }

// duration returns a possible duration of a record; else unknown.
func duration(seconds pbx.Int) pbx.Int {
	if n := seconds.Or(-1); n < 0 || n > pbx.MaxDuration {
		return pbx.Int{}
	}
	return seconds
}

// lasts returns the time of the record. Its end may be missing or impossible: before its start, or more
// than pbx.MaxDuration after it. Then the record lasts for its duration, else for its wait and talk.
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

// compare orders records by call and queue, then in the order in which the answering record is
// chosen.
func (r *record) compare(other *record) int {
	if order := r.place.Compare(other.place); order != 0 {
		return order
	}
	return cmp.Or(cmp.Compare(r.queue, other.queue), r.compareStart(other))
}

// compareStart orders the records of one call as the answering record is chosen, whatever their queues.
func (r *record) compareStart(other *record) int {
	return cmp.Or(cmp.Compare(r.from, other.from), cmp.Compare(r.agent, other.agent), cmp.Compare(r.Hash, other.Hash))
}

// compareLast orders the records of a call by start, end and receipt, so that its last record is last.
func (r *record) compareLast(other *record) int {
	return cmp.Or(r.interval.compare(other.interval), r.Source.compare(other.Source))
}

// answers reports whether a person, not a machine, spoke to the caller.
func (r *record) answers() bool {
	if r.agent == "" && (r.voicemail || r.forwarded) {
		return false
	}
	return r.talk.Or(0) > 0 || r.state == "bridged" || r.state == "feedback"
}

// answered returns when the record answered: at the end of its wait or the beginning of its talk. The
// earlier one counts, if known. It is never before the record's start.
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

// unstaffed reports whether the queue had nobody to answer.
func (r *record) unstaffed() bool {
	return r.missCause == "NO_AGENT_LOGIN" || r.missCause == "NO_ASSIGN"
}

// ClockSuspect reports whether a PBX's clock can't have been right. It ignores the zone of the clock.
func ClockSuspect(start pbx.LocalTime, received time.Time) bool {
	const day = 24 * 60 * 60
	behind := pbx.LocalTimeOf(received.UTC()) - start
	return behind > 366*day || behind < -2*day
}

// How long a record may start before and after its call got its id. PBXs read their clock up to a minute
// before they give the id. No call waits in menus and queues for a day.
const (
	startsBefore = time.Minute
	startsAfter  = 24 * time.Hour
)

// suspect reports ClockSuspect, or that the id of the call has another time in the zone.
func suspect(zone pbx.Zone, id string, start pbx.LocalTime, received time.Time) bool {
	named, ok := pbx.NamedAt(id)
	if !ok {
		return ClockSuspect(start, received)
	}
	after := zone.TimeOf(start, id).Sub(named)
	return after < -startsBefore || after > startsAfter || ClockSuspect(start, received)
}
