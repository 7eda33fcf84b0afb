package kpi

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"iter"
	"maps"
	"slices"

	"trunkline/pkg/extsort"
	"trunkline/pkg/pbx"
)

// This file computes a day call by call, so that it needs only one call's records at a time. Rows adds up
// the figures of the calls. Calls, AgentCalls and Sessions go through the calls again, to explain the
// rows.

// Rows are all rows of a day.
type Rows struct {
	PBX    PBX
	Queues []Queue // by queue
	Agents []Agent // by agent
}

// Rows computes the rows of the added records. A day without records has no queues and no agents. Rows
// fails only if the day is large, and its temporary file can't be written or read.
func (d *Day) Rows() (Rows, error) {
	if d.err != nil {
		return Rows{}, d.err
	}
	w := newWork(d)
	for c, err := range d.all() {
		if err != nil {
			return Rows{}, err
		}
		w.add(c)
	}
	if err := w.whole.countCDRs(d); err != nil {
		return Rows{}, err
	}
	if err := w.whole.countChoices(d); err != nil {
		return Rows{}, err
	}
	for s, err := range d.sessions(w.alive) {
		if err != nil {
			return Rows{}, err
		}
		w.agent(s[0].Agent).addSessions(s)
	}
	return w.rows()
}

// Calls yields the calls behind the rows, by uuid and queue. They are the parts of queue calls that belong
// to the day, and the calls without a queue. An error ends the sequence.
func (d *Day) Calls() iter.Seq2[*Call, error] {
	return flat(d.all(), func(c call) []*Call { return c.shown })
}

// AgentCalls yields the calls behind the agents' rows, by uuid and agent. An error ends the sequence.
func (d *Day) AgentCalls() iter.Seq2[AgentCall, error] {
	return flat(d.all(), func(c call) (all []AgentCall) {
		for _, name := range slices.Sorted(maps.Keys(c.agents)) {
			all = append(all, (&agentDay{explains: true}).add(name, c.agents[name], c.answers)...)
		}
		return all
	})
}

// Sessions yields the sessions behind the agents' rows, by agent and time. An error ends the sequence.
func (d *Day) Sessions() iter.Seq2[Session, error] {
	return func(yield func(Session, error) bool) {
		alive := d.newSignsOfLife()
		for u, err := range d.inForce() {
			if err != nil {
				yield(Session{}, err)
				return
			}
			alive.add(u.records)
		}
		flat(d.sessions(alive), func(s []Session) []Session { return s })(yield)
	}
}

// flat yields the results of each value, one by one.
func flat[A, B any](all iter.Seq2[A, error], of func(A) []B) iter.Seq2[B, error] {
	return func(yield func(B, error) bool) {
		for a, err := range all {
			if err != nil {
				var none B
				yield(none, err)
				return
			}
			for _, b := range of(a) {
				if !yield(b, nil) {
					return
				}
			}
		}
	}
}

// call is what the records of one uuid mean for the day.
type call struct {
	records []*record             // all of them
	mine    []*record             // those of the PBX's call
	parts   []*Call               // the calls that these make, by queue
	shown   []*Call               // the calls that queues' rows count, or a call without a queue
	agents  map[string]*agentCall // its records by agent
	answers []*record             // that answer it, by any agent
}

// all yields the calls of the day, by uuid.
func (d *Day) all() iter.Seq2[call, error] {
	return func(yield func(call, error) bool) {
		agents, err := d.agentsInForce()
		if err != nil {
			yield(call{}, err)
			return
		}
		for u, err := range d.inForce() {
			if err != nil {
				yield(call{}, err)
				return
			}
			if !yield(d.call(u, agents), nil) {
				return
			}
		}
	}
}

// call makes the call of the records of one uuid.
func (d *Day) call(u uuidRecords, agents map[string]bool) call {
	direct(u.records, agents)
	all := u.records
	c := call{records: all, mine: own(d.day, all, u.before[""]), agents: map[string]*agentCall{}}
	for group := range groups(c.mine, sameQueue) {
		c.parts = append(c.parts, newCall(group, all, d.settings))
	}
	if len(c.parts) == 1 && c.parts[0].Queue == "" {
		c.shown = append(c.shown, c.parts[0])
		addDirect(c.agents, c.parts[0])
	}
	for group := range groups(all, sameQueue) {
		here := own(d.day, group, u.before[group[0].queue])
		if group[0].queue == "" || len(here) == 0 {
			continue
		}
		ofQueue := c.reuse(here, d.settings)
		c.shown = append(c.shown, ofQueue)
		c.answers = append(c.answers, addAttempts(c.agents, ofQueue)...)
	}
	addOutbound(c.agents, c.mine)
	return c
}

// direct sets the directions of a uuid's records. An inbound record is internal if its caller is an agent
// of the day.
func direct(records []*record, agents map[string]bool) {
	for _, r := range records {
		if r.direction = pbx.DirectionOf(r.callType); r.direction == pbx.Inbound && agents[r.caller] {
			r.direction = pbx.Internal
		}
	}
}

// reuse returns the queue call from the parts of the PBX's call, where it nearly always is. Else it makes
// the call: around midnight, fewer or other records of the call may belong to the day.
func (c *call) reuse(own []*record, s Settings) *Call {
	for _, part := range c.parts {
		if slices.Equal(part.records, own) {
			return part
		}
	}
	return newCall(own, c.records, s)
}

func sameQueue(a, b *record) bool { return a.queue == b.queue }

// work accumulates the rows of a day.
type work struct {
	*Day
	inputs *extsort.Sorter[input]
	bases  int64 // the number of rows so far
	queues map[string]*queueDay
	agents map[string]*agentDay
	whole  *pbxDay
	alive  signsOfLife
	// leftOut are the queues and agents that get no row.
	leftOut struct{ queues, agents map[string]bool }
}

func newWork(d *Day) *work {
	w := &work{
		Day: d, inputs: extsort.New(inputs(), d.file, d.room),
		queues: map[string]*queueDay{}, agents: map[string]*agentDay{}, alive: d.newSignsOfLife(),
	}
	w.whole = &pbxDay{basis: w.basis()}
	w.leftOut.queues, w.leftOut.agents = map[string]bool{}, map[string]bool{}
	return w
}

// add adds a call to the rows.
func (w *work) add(c call) {
	w.alive.add(c.records)
	w.whole.add(c.mine, c.parts, w.settings)
	for _, shown := range c.shown {
		if shown.Queue != "" {
			w.queue(shown.Queue).add(shown, w.settings)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.agents)) {
		w.agent(name).add(name, c.agents[name], c.answers)
	}
}

// rows returns the rows of the added calls.
func (w *work) rows() (Rows, error) {
	bases, err := w.sum()
	if err != nil {
		return Rows{}, err
	}
	rows := Rows{PBX: w.whole.row(w.Day, bases)}
	rows.PBX.QueuesLeftOut, rows.PBX.AgentsLeftOut = int64(len(w.leftOut.queues)), int64(len(w.leftOut.agents))
	for _, name := range slices.Sorted(maps.Keys(w.queues)) {
		rows.Queues = append(rows.Queues, w.queues[name].row(w.Day, name, bases))
	}
	for _, name := range slices.Sorted(maps.Keys(w.agents)) {
		rows.Agents = append(rows.Agents, w.agents[name].row(w.Day, name, bases))
	}
	return rows, nil
}

// rowsAtMost is the most queues, and the most agents, for which rows are made. Rows.Bounded keeps fewer.
const rowsAtMost = 10_000

// queue returns the accumulator of a queue's row. If there are too many rows, it returns one that is not
// published.
func (w *work) queue(name string) *queueDay {
	if q := w.queues[name]; q != nil {
		return q
	}
	if len(w.queues) == rowsAtMost {
		w.leftOut.queues[name] = true
		return &queueDay{}
	}
	q := &queueDay{basis: w.basis()}
	w.queues[name] = q
	return q
}

// agent is queue for an agent's row.
func (w *work) agent(name string) *agentDay {
	if a := w.agents[name]; a != nil {
		return a
	}
	if len(w.agents) == rowsAtMost {
		w.leftOut.agents[name] = true
		return &agentDay{}
	}
	a := &agentDay{basis: w.basis(), signed: w.signed[name], holds: !w.settings.TalkIncludesHold}
	if a.signed {
		a.day = w.span()
	}
	w.agents[name] = a
	return a
}

// queueDay accumulates a queue's row.
type queueDay struct {
	Apart
	basis
	tallying
}

func (q *queueDay) add(c *Call, s Settings) {
	q.basis.add(c.records...)
	if c.Class == ClassQueue {
		q.tallying.add(c, s)
		q.tried(c)
	} else {
		q.Apart.add(c.Class)
	}
}

func (q *queueDay) row(d *Day, name string, b bases) Queue {
	tally, intervals := q.tallied()
	return Queue{
		MAC: d.mac, Day: d.day, Queue: name, Tally: tally, Apart: q.Apart,
		Agents: int64(len(q.agents)), Intervals: intervals, Basis: b.of(q.basis, d.settings),
	}
}

// pbxDay accumulates a PBX's row.
type pbxDay struct {
	Apart
	basis
	tallying        // of one call for each uuid
	ivrOnly, direct int64
	cdr             CDRCounts
	ivr             []IVRChoice
}

func (p *pbxDay) add(mine []*record, parts []*Call, s Settings) {
	p.basis.add(mine...)
	queued := make([]*Call, 0, len(parts))
	class := ClassUnrecognised
	for _, c := range parts {
		if c.Class == ClassQueue {
			queued = append(queued, c)
			p.tried(c)
		}
		if slices.Index(classes, c.Class) < slices.Index(classes, class) {
			class = c.Class
		}
	}
	switch {
	case len(mine) == 0:
	case len(queued) > 0:
		start := slices.MinFunc(mine, (*record).compareStart).start
		p.tallying.add(together(queued, start, s), s)
	case class == ClassIVROnly:
		p.ivrOnly++
	case class == ClassDirect:
		p.direct++
	default:
		p.Apart.add(class)
	}
}

func (p *pbxDay) row(d *Day, b bases) PBX {
	tally, intervals := p.tallied()
	return PBX{
		MAC: d.mac, Day: d.day, Tally: tally, IVROnly: p.ivrOnly, Direct: p.direct, Apart: p.Apart,
		CDR: p.cdr, IVR: p.ivr, Agents: int64(len(p.agents)), Intervals: intervals, Basis: b.of(p.basis, d.settings),
	}
}

// input is a record that a row is computed from.
type input struct {
	row  int64
	hash string
}

func (i *input) compare(other *input) int {
	return cmp.Or(cmp.Compare(i.row, other.row), cmp.Compare(i.hash, other.hash))
}

// basis counts the records that a row is computed from.
type basis struct {
	inputs           *extsort.Sorter[input] // nil: only calls are wanted, and no rows
	row              int64
	records, suspect int64
}

// basis returns the basis of one more row.
func (w *work) basis() basis {
	w.bases++
	return basis{inputs: w.inputs, row: w.bases}
}

func (b *basis) add(records ...*record) {
	for _, r := range records {
		b.see(r.Hash, r.suspect)
	}
}

func (b *basis) see(hash string, suspect bool) {
	if b.inputs != nil {
		b.inputs.Add(input{b.row, hash})
	}
	b.records++
	if suspect {
		b.suspect++
	}
}

// bases are the hashes of the inputs of rows.
type bases map[int64]string

// sum returns the hash of each row's inputs, in their order.
func (w *work) sum() (bases, error) {
	all, row, sum := bases{}, int64(0), sha256.New()
	for i, err := range w.inputs.All() {
		if err != nil {
			return nil, err
		}
		if i.row != row {
			all[row], row = hashOfInputs(sum), i.row
			sum.Reset()
		}
		sum.Write([]byte(i.hash))
		sum.Write([]byte{'\n'})
	}
	all[row] = hashOfInputs(sum)
	return all, nil
}

func hashOfInputs(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)[:16]) }

func (all bases) of(b basis, s Settings) Basis {
	hash, any := all[b.row]
	if !any {
		hash = hashOfInputs(sha256.New())
	}
	return Basis{Inputs{b.records, hash}, b.suspect, s}
}
