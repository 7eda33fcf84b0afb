package kpi

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"trunkline/pkg/pbx"
)

// Rows are all that a day's records come to.
type Rows struct {
	PBX    PBX
	Queues []Queue // by queue
	Agents []Agent // by agent
	// Calls are those behind the rows, by uuid and queue: what belongs to the day of the
	// calls of queues, and the calls without a queue.
	Calls []*Call
	// AgentCalls are those behind the agents' rows, by uuid; Sessions are by agent and time.
	AgentCalls []AgentCall
	Sessions   []Session
}

// Rows computes the rows of what was added. A day without records has no queues, no agents
// and no calls.
func (d *Day) Rows() Rows {
	records, before := d.inForce()
	direct(records)
	w := work{Day: d, before: before, queues: map[string]*queueDay{}, agents: map[string]*agentDay{}}
	for all := range groups(records, func(a, b *record) bool { return a.uuid == b.uuid }) {
		w.add(all)
	}
	rows := Rows{PBX: w.whole.row(d), Calls: w.calls, AgentCalls: w.agentCalls, Sessions: w.addSessions(records)}
	for _, name := range slices.Sorted(maps.Keys(w.queues)) {
		rows.Queues = append(rows.Queues, w.queues[name].row(d, name))
	}
	for _, name := range slices.Sorted(maps.Keys(w.agents)) {
		rows.Agents = append(rows.Agents, w.agents[name].row(d, name))
	}
	return rows
}

// direct gives the records their directions: an inbound one whose caller is an agent of the
// day is internal.
func direct(records []*record) {
	agents := map[string]bool{}
	for _, r := range records {
		agents[r.agent] = r.agent != ""
	}
	for _, r := range records {
		if r.direction = pbx.DirectionOf(r.callType); r.direction == pbx.Inbound && agents[r.caller] {
			r.direction = pbx.Internal
		}
	}
}

// work is a day on its way to its rows.
type work struct {
	*Day
	before     map[callKey]bool
	calls      []*Call
	agentCalls []AgentCall
	queues     map[string]*queueDay
	agents     map[string]*agentDay
	whole      pbxDay
}

// add adds all records of one uuid.
func (w *work) add(all []*record) {
	mine := w.own(all, "")
	parts := w.split(mine, all)
	w.whole.add(mine, parts, w.settings)
	ofAgents := make(map[string]*agentCall)
	if len(parts) == 1 && parts[0].Queue == "" {
		w.calls = append(w.calls, parts[0])
		addDirect(ofAgents, parts[0])
	}
	var answers []*record
	for group := range groups(all, sameQueue) {
		here := w.own(group, group[0].queue)
		if group[0].queue == "" || len(here) == 0 {
			continue
		}
		call := w.reuse(parts, here, all)
		w.calls = append(w.calls, call)
		w.queue(call.Queue).add(call)
		answers = append(answers, addAttempts(ofAgents, call)...)
	}
	addOutbound(ofAgents, mine)
	for _, name := range slices.Sorted(maps.Keys(ofAgents)) {
		w.agentCalls = append(w.agentCalls, w.agent(name).add(name, ofAgents[name], answers)...)
	}
}

// own is which of the records of a uuid, or of its queue call, belong to the day.
func (w *work) own(records []*record, queue string) []*record {
	return own(w.day, records, w.before[callKey{pbx.KindCallRecord, records[0].uuid, queue}])
}

// split makes the parts of the PBX's call, by queue.
func (w *work) split(mine, all []*record) (parts []*Call) {
	for group := range groups(mine, sameQueue) {
		parts = append(parts, newCall(group, all, w.settings))
	}
	return parts
}

// reuse finds a queue call among the parts of the PBX's call, where it is nearly always, or
// makes it: around midnight, another part of its records may belong to the day.
func (w *work) reuse(parts []*Call, own, all []*record) *Call {
	for _, c := range parts {
		if slices.Equal(c.records, own) {
			return c
		}
	}
	return newCall(own, all, w.settings)
}

func sameQueue(a, b *record) bool { return a.queue == b.queue }

func (w *work) queue(name string) *queueDay {
	if w.queues[name] == nil {
		w.queues[name] = &queueDay{}
	}
	return w.queues[name]
}

func (w *work) agent(name string) *agentDay {
	if w.agents[name] == nil {
		w.agents[name] = &agentDay{}
	}
	return w.agents[name]
}

// queueDay is what a queue's row is made of.
type queueDay struct {
	Apart
	basis
	calls []*Call
}

func (q *queueDay) add(c *Call) {
	q.basis.add(c.records...)
	if c.Class == ClassQueue {
		q.calls = append(q.calls, c)
	} else {
		q.Apart.add(c.Class)
	}
}

func (q *queueDay) row(d *Day, name string) Queue {
	return Queue{
		MAC: d.mac, Day: d.day, Queue: name, Tally: tally(q.calls, d.settings), Apart: q.Apart,
		Agents: agentsTried(q.calls), Intervals: intervals(q.calls), Basis: q.basis.of(d.settings),
	}
}

// pbxDay is what a PBX's row is made of.
type pbxDay struct {
	Apart
	basis
	ivrOnly, direct int64
	queued          []*Call // a call for each uuid,
	parts           []*Call // and its queue calls
}

func (p *pbxDay) add(mine []*record, parts []*Call, s Settings) {
	p.basis.add(mine...)
	queued := make([]*Call, 0, len(parts))
	class := ClassUnrecognised
	for _, c := range parts {
		if c.Class == ClassQueue {
			queued = append(queued, c)
		}
		if slices.Index(classes, c.Class) < slices.Index(classes, class) {
			class = c.Class
		}
	}
	switch {
	case len(mine) == 0:
	case len(queued) > 0:
		start := slices.MinFunc(mine, (*record).compareStart).start
		p.queued, p.parts = append(p.queued, together(queued, start, s)), append(p.parts, queued...)
	case class == ClassIVROnly:
		p.ivrOnly++
	case class == ClassDirect:
		p.direct++
	default:
		p.Apart.add(class)
	}
}

func (p *pbxDay) row(d *Day) PBX {
	row := PBX{
		MAC: d.mac, Day: d.day, Tally: tally(p.queued, d.settings), IVROnly: p.ivrOnly, Direct: p.direct, Apart: p.Apart,
		CDR: p.cdrCounts(d), IVR: p.ivrChoices(d), Agents: agentsTried(p.parts), Intervals: intervals(p.queued),
	}
	row.Basis = p.basis.of(d.settings)
	return row
}

// basis gathers what a row is computed of.
type basis struct {
	hashes  []string
	suspect int64
}

func (b *basis) add(records ...*record) {
	for _, r := range records {
		b.see(r.Hash, r.suspect)
	}
}

func (b *basis) see(hash string, suspect bool) {
	b.hashes = append(b.hashes, hash)
	if suspect {
		b.suspect++
	}
}

func (b *basis) of(s Settings) Basis {
	slices.Sort(b.hashes)
	h := sha256.New()
	for _, hash := range b.hashes {
		h.Write([]byte(hash))
		h.Write([]byte{'\n'})
	}
	return Basis{Inputs{int64(len(b.hashes)), hex.EncodeToString(h.Sum(nil)[:16])}, b.suspect, s}
}
