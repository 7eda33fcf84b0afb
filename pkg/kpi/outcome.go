package kpi

import (
	"fmt"
	"slices"

	"trunkline/pkg/pbx"
)

// Outcome is what became of a queue call.
type Outcome string

// The outcomes, in the order in which they are tried.
const (
	Answered  Outcome = "answered"
	Voicemail Outcome = "voicemail"
	FlowedOut Outcome = "flowed_out"
	Abandoned Outcome = "abandoned"
	Unknown   Outcome = "unknown"
)

// decide applies the first rule that holds for the counted records.
func (c *Call) decide(all []*record) {
	for _, rule := range []struct {
		outcome Outcome
		reason  string
		holds   func(*record) bool
	}{
		{Answered, "somebody answered", (*record).answers},
		{Voicemail, "a message was left", func(r *record) bool { return r.voicemail }},
		{FlowedOut, "it was forwarded", func(r *record) bool { return r.forwarded }},
		{FlowedOut, "it went on to another queue", func(r *record) bool { return r == c.counted[0] && c.goesOn(all) }},
		{FlowedOut, "it went back to a menu", func(r *record) bool { return r.state == "ivr" && r.wait.Or(0) > 0 }},
		{Abandoned, "it ended in the queue", func(r *record) bool { return r.state == "queue" }},
		{Unknown, "no rule tells what became of it", func(r *record) bool { return true }},
	} {
		if i := slices.IndexFunc(c.counted, rule.holds); i >= 0 {
			c.Outcome, c.reason, c.deciding = rule.outcome, rule.reason, c.counted[i]
			break
		}
	}
	if c.Outcome == Answered {
		c.answer(c.deciding)
	}
}

// goesOn reports whether the call went on to another queue. A record there must be later than all of the
// call's own, or as late as the last of them if that queue answered the call.
func (c *Call) goesOn(all []*record) bool {
	var answered map[string]bool
	for _, r := range all {
		if r.queue == "" || r.queue == c.Queue {
			continue
		}
		order := r.interval.compare(c.last.interval)
		if order == 0 && answered == nil {
			answered = answeredIn(all)
		}
		if order > 0 || order == 0 && answered[r.queue] {
			return true
		}
	}
	return false
}

// answeredIn returns the queues in which a record shows that the call was answered.
func answeredIn(all []*record) map[string]bool {
	queues := map[string]bool{}
	for _, r := range all {
		if r.direction == pbx.Inbound && r.answers() {
			queues[r.queue] = true
		}
	}
	return queues
}

// answer sets what the answering record decides.
func (c *Call) answer(r *record) {
	c.AnsweredBy = r.agent
	if r.wait.Known() {
		c.waits(r.from, r.wait)
	}
	c.reenter(r)
	if r.ring.Known() {
		c.Ring = r.ring
	}
	if r.score != 0 {
		c.Score = r.score
	}
}

// reenter sets the wait of a call that came back to its queue. It lasts from the first start there until
// the answer, if that is longer.
func (c *Call) reenter(answering *record) {
	first := c.counted[0].from
	if wait := answering.answered() - first; first < answering.from && wait > c.Wait.Or(-1) {
		c.waits(first, pbx.IntOf(wait))
	}
}

// judge decides whether the call was abandoned short, by its outcome, miss causes and wait.
func (c *Call) judge(s Settings) {
	c.GaveUp = c.Outcome == Abandoned && !c.unstaffed &&
		(c.last.missCause == "" || c.last.missCause == memberCancel)
	c.Short = c.GaveUp && c.Wait.Known() && c.Wait.Or(0) < s.ShortAbandon
}

// memberCancel is the PBX's own name for a caller who hung up.
const memberCancel = "MEMBER_CANCEL"

// Why returns the rule by which the call counts.
func (c *Call) Why() string {
	switch c.Class {
	case ClassIVROnly:
		return "it ended in a menu, and saw no queue"
	case ClassDirect:
		return "it saw no queue"
	case ClassOutbound:
		return "outbound calls never count"
	case ClassInternal:
		return "its caller is an agent of the day, or its call type says internal"
	case ClassUnrecognised:
		return "its call type is not known"
	}
	why := fmt.Sprintf("%s, by its record of %s in the state %q", c.reason, c.deciding.start, c.deciding.state)
	if c.deciding.agent != "" {
		why += " with agent " + c.deciding.agent
	}
	if c.Short {
		why += "; short, since the caller ended it, before the threshold"
	}
	return why
}
