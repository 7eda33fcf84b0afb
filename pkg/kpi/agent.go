package kpi

import (
	"slices"

	"trunkline/pkg/pbx"
)

// agentCall is what one call means to one agent: the records of queues that tried the
// agent, and outbound ones.
type agentCall struct {
	tried, outbound []*record
}

// addAttempts adds the records of a queue call to those of the agents whom it tried.
func addAttempts(calls map[string]*agentCall, c *Call) {
	if c.Class != ClassQueue {
		return
	}
	for _, r := range c.counted {
		if r.agent != "" {
			a := of(calls, r)
			a.tried = append(a.tried, r)
		}
	}
}

// addOutbound adds the outbound records of a call to those of their agents.
func addOutbound(calls map[string]*agentCall, mine []*record) {
	for _, r := range mine {
		if r.agent != "" && r.direction == pbx.Outbound {
			a := of(calls, r)
			a.outbound = append(a.outbound, r)
		}
	}
}

func of(calls map[string]*agentCall, r *record) *agentCall {
	if calls[r.agent] == nil {
		calls[r.agent] = &agentCall{}
	}
	return calls[r.agent]
}

// agentDay is what an agent's row is made of.
type agentDay struct {
	Agent
	basis
	scores []int64
}

func (d *agentDay) add(c *agentCall) {
	d.basis.add(c.tried...)
	d.basis.add(c.outbound...)
	if len(c.tried) > 0 {
		d.addTried(c.tried)
	}
	if len(c.outbound) > 0 {
		d.OutboundCalls++
	}
	for _, r := range c.outbound {
		d.OutboundTalk += r.talk.Or(0)
	}
}

// addTried adds one call by the rules of a queue call: as if the agent's records were all.
func (d *agentDay) addTried(records []*record) {
	slices.SortFunc(records, (*record).compareStart)
	var c Call
	for _, r := range records {
		c.add(r)
	}
	if i := slices.IndexFunc(records, (*record).answers); i >= 0 {
		c.answer(records[i])
		d.Answered++
	} else {
		d.TriedNotAnswered++
	}
	d.Attempts += c.Attempts
	d.Talk.add(c.Talk.Or(0))
	d.Hold.add(c.Hold.Or(0))
	d.WrapUp.add(c.WrapUp.Or(0))
	d.Ring.add(c.Ring.Or(0))
	if c.Score > 0 {
		d.scores = append(d.scores, c.Score)
	}
}

func (d *agentDay) row(day *Day, name string) Agent {
	row := d.Agent
	row.MAC, row.Day, row.Agent = day.mac, day.day, name
	row.Scores, row.Basis = histogramOf(d.scores), d.basis.of(day.settings)
	return row
}
