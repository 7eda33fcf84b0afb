package kpi

import (
	"cmp"

	"trunkline/pkg/pbx"
)

// agentCall is what one call means to one agent.
type agentCall struct {
	attempts     int64
	answered     bool
	talk, hold   pbx.Int
	wrapUp, ring pbx.Int
	score        int64
	outbound     bool
	outboundTalk int64
	records      []*record
}

// addAttempts adds the records of a queue call to those of the agents whom it tried.
func addAttempts(calls map[string]*agentCall, c *Call) {
	if c.Class != ClassQueue {
		return
	}
	for _, r := range c.counted {
		if r.agent != "" {
			of(calls, r).try(r)
		}
	}
}

// addOutbound adds the outbound records of a call to those of their agents.
func addOutbound(calls map[string]*agentCall, mine []*record) {
	for _, r := range mine {
		if r.agent != "" && r.direction == pbx.Outbound {
			a := of(calls, r)
			a.outbound = true
			a.outboundTalk += r.talk.Or(0)
		}
	}
}

func of(calls map[string]*agentCall, r *record) *agentCall {
	if calls[r.agent] == nil {
		calls[r.agent] = &agentCall{}
	}
	a := calls[r.agent]
	a.records = append(a.records, r)
	return a
}

// try adds a record of the agent's phone ringing.
func (a *agentCall) try(r *record) {
	a.attempts++
	a.talk, a.hold, a.wrapUp = plus(a.talk, r.talk), plus(a.hold, r.hold), plus(a.wrapUp, r.wrapUp)
	switch first := r.answers() && !a.answered; {
	case first:
		a.answered = true
		a.score = cmp.Or(r.score, a.score)
		if r.ring.Known() {
			a.ring = r.ring
		}
	case !a.answered:
		a.ring = longer(a.ring, r.ring)
	}
	a.score = cmp.Or(a.score, r.score)
}

// agentDay is what an agent's row is made of.
type agentDay struct {
	Agent
	basis
	scores []int64
}

func (d *agentDay) add(c *agentCall) {
	d.basis.add(c.records...)
	d.Attempts += c.attempts
	switch {
	case c.answered:
		d.Answered++
	case c.attempts > 0:
		d.TriedNotAnswered++
	}
	if c.outbound {
		d.OutboundCalls++
		d.OutboundTalk += c.outboundTalk
	}
	d.Talk.add(c.talk.Or(0))
	d.Hold.add(c.hold.Or(0))
	d.WrapUp.add(c.wrapUp.Or(0))
	d.Ring.add(c.ring.Or(0))
	if c.score > 0 {
		d.scores = append(d.scores, c.score)
	}
}

func (d *agentDay) row(day *Day, name string) Agent {
	row := d.Agent
	row.MAC, row.Day, row.Agent = day.mac, day.day, name
	row.Scores, row.Basis = histogramOf(d.scores), d.basis.of(day.settings)
	return row
}
