package kpi

import (
	"fmt"
	"slices"

	"trunkline/pkg/pbx"
)

// agentCall has the records of one call that concern one agent: those of queues that tried the agent,
// outbound ones, and direct ones.
type agentCall struct {
	tried, outbound, direct []*record
}

// AgentCall is a call that an agent's row counts.
type AgentCall struct {
	Agent    string        `json:"agent"`
	UUID     string        `json:"uuid"`
	As       AgentCount    `json:"counts_as"`
	Start    pbx.LocalTime `json:"start"` // of the earliest record of the agent
	Caller   string        `json:"caller,omitempty"`
	Talk     pbx.Int       `json:"talk_seconds,omitzero"`
	Attempts int64         `json:"attempts,omitempty"`
	Rule     string        `json:"rule"` // by which it counts
}

// AgentCount is a figure of an agent's row that counts calls, by its name.
type AgentCount string

// The figures of an agent's row that count calls.
const (
	AgentAnswered          AgentCount = "answered"
	AgentMissed            AgentCount = "missed"
	AgentAnsweredElsewhere AgentCount = "answered_elsewhere"
	AgentOutbound          AgentCount = "outbound_calls"
	AgentDirect            AgentCount = "direct_calls"
)

// AgentCountNames returns the names of these figures.
func AgentCountNames() []string {
	return []string{
		string(AgentAnswered), string(AgentMissed), string(AgentAnsweredElsewhere), string(AgentOutbound), string(AgentDirect),
	}
}

// addAttempts adds the records of a queue call to the agents that it tried. It returns the records that
// answer the call.
func addAttempts(calls map[string]*agentCall, c *Call) (answers []*record) {
	if c.Class != ClassQueue {
		return nil
	}
	for _, r := range c.counted {
		if r.agent != "" {
			a := of(calls, r)
			a.tried = append(a.tried, r)
		}
		if r.answers() {
			answers = append(answers, r)
		}
	}
	return answers
}

// addOutbound adds the outbound records of a call to their agents.
func addOutbound(calls map[string]*agentCall, mine []*record) {
	for _, r := range mine {
		if r.agent != "" && r.direction == pbx.Outbound {
			a := of(calls, r)
			a.outbound = append(a.outbound, r)
		}
	}
}

// addDirect adds the records of a call without a queue to their agents.
func addDirect(calls map[string]*agentCall, c *Call) {
	if c.Class != ClassDirect {
		return
	}
	for _, r := range c.counted {
		if r.agent != "" {
			a := of(calls, r)
			a.direct = append(a.direct, r)
		}
	}
}

func of(calls map[string]*agentCall, r *record) *agentCall {
	if calls[r.agent] == nil {
		calls[r.agent] = &agentCall{}
	}
	return calls[r.agent]
}

// agentDay accumulates an agent's row.
type agentDay struct {
	Agent
	basis
	explains bool // the caller wants the rules by which its calls count
	scores   values
	signed   bool     // the agent has sessions
	holds    bool     // holding a call is busy time besides talking
	day      interval // the day
	busy     union    // when the agent was busy in it
}

// add adds a call, and returns how it counts. answers are the records of queues that answer the call,
// by any agent.
func (d *agentDay) add(name string, c *agentCall, answers []*record) (counts []AgentCall) {
	d.basis.add(c.tried...)
	d.basis.add(c.outbound...)
	d.basis.add(c.direct...)
	d.addBusy(c)
	if len(c.tried) > 0 {
		counts = append(counts, d.addTried(name, c.tried, answers))
	}
	if len(c.outbound) > 0 {
		d.OutboundCalls++
		counts = append(counts, d.counts(AgentOutbound, c.outbound, func() string { return "an outbound record names the agent" }))
		d.OutboundTalk += counts[len(counts)-1].Talk.Or(0)
	}
	if len(c.direct) > 0 {
		d.DirectCalls++
		counts = append(counts, d.counts(AgentDirect, c.direct, func() string { return "the call saw no queue, and its record names the agent" }))
		d.DirectTalk += counts[len(counts)-1].Talk.Or(0)
	}
	return counts
}

// counts returns a call that counts for the agent, with its rule.
func (d *agentDay) counts(as AgentCount, records []*record, rule func() string) AgentCall {
	first := slices.MinFunc(records, (*record).compareStart)
	c := AgentCall{Agent: first.agent, UUID: first.uuid, As: as, Start: first.start, Caller: first.caller}
	if d.explains {
		c.Rule = rule()
	}
	for _, r := range records {
		c.Talk = plus(c.Talk, r.talk)
	}
	return c
}

// addTried adds one call by the rules of a queue call, as if it had only the agent's records.
func (d *agentDay) addTried(name string, records, answers []*record) AgentCall {
	slices.SortFunc(records, (*record).compareStart)
	c := Call{counted: records}
	for _, r := range records {
		c.add(r)
	}
	var counts AgentCall
	if i := slices.IndexFunc(records, (*record).answers); i >= 0 {
		c.answer(records[i])
		d.Answered++
		counts = d.counts(AgentAnswered, records, func() string {
			return fmt.Sprintf("the agent answered, by the record of %s in the state %q", records[i].start, records[i].state)
		})
	} else if attempt := missed(name, records, answers); attempt != nil {
		d.Missed++
		counts = d.counts(AgentMissed, records, func() string {
			return fmt.Sprintf("the phone rang at %s, and not until another agent answered", attempt.start)
		})
	} else {
		d.AnsweredElsewhere++
		counts = d.counts(AgentAnsweredElsewhere, records, func() string { return "the phone rang until another agent answered" })
	}
	counts.Attempts = c.Attempts
	d.sum(c)
	return counts
}

// sum adds the figures of one call's attempts.
func (d *agentDay) sum(c Call) {
	d.Attempts += c.Attempts
	d.Talk.add(c.Talk.Or(0))
	d.Hold.add(c.Hold.Or(0))
	d.WrapUp.add(c.WrapUp.Or(0))
	d.Ring.add(c.Ring.Or(0))
	if c.Score > 0 {
		d.scores.add(c.Score)
	}
}

// giveOrTake is how many seconds may lie between an answer and the end of the attempt that it ended.
const giveOrTake = 2

// missed returns the attempt by which an agent missed a call: the first one that did not last until
// another agent's answer. It returns nil if all did.
func missed(agent string, attempts, answers []*record) *record {
	for _, attempt := range attempts {
		ended := func(r *record) bool { return r.agent != agent && attempt.endedBy(r) }
		if !slices.ContainsFunc(answers, ended) {
			return attempt
		}
	}
	return nil
}

// endedBy reports whether an attempt lasted until another record's answer.
func (r *record) endedBy(answer *record) bool {
	at := answer.answered()
	return r.from-giveOrTake <= at && at <= r.to+giveOrTake
}

func (d *agentDay) row(day *Day, name string, b bases) Agent {
	row := d.Agent
	row.MAC, row.Day, row.Agent = day.mac, day.day, name
	row.Scores, row.Basis = d.scores.histogram(), b.of(d.basis, day.settings)
	return row
}
