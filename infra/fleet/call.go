package fleet

import (
	"strconv"
	"time"

	"trunkline/pkg/pbx"
)

// call is a call in progress: where it is, and what was reported of it. Its methods are what may
// happen next. Each of them moves the clock on.
type call struct {
	*PBX
	dice
	began  time.Time
	ahead  int64 // seconds by which the PBX's clock is ahead
	events []Event
	live   bool // its ringing is reported as it happens

	uuid           string
	counter        int // of the names given
	millis         int64
	callType       string
	caller, called string
	trunk          string
	clock          int64 // seconds since 1970, by the PBX
	menu           menu
	inMenu         int // seconds
	queue          string
	entered        int64 // the clock when the queue was entered
	legs           int   // reported as cdr
}

// menu is a menu that callers hear (interactive voice response).
type menu struct{ id, name, key string }

var menus = []menu{
	{"610", "working time", "0"},
	{"611", "工作时间", "1"},
	{"612", `caller's "choice"`, "2"},
	{"613", "", ""},
}

// call plays a call from its beginning to its end.
func (p *PBX) call(dice dice, began time.Time, nth int) *call {
	c := &call{
		PBX: p, dice: dice, began: began,
		live:     dice.chance(0.02),
		counter:  nth * 16,
		millis:   dice.Int64N(900),
		callType: p.words.in,
		caller:   dice.number(),
		called:   "100",
		trunk:    oneOf(dice, "s", "5550100", ""),
		ahead:    p.ahead(began),
	}
	c.clock = began.Unix() + c.ahead
	start := c.clock
	c.uuid = c.newID()
	c.pass(dice.IntN(3))
	c.script()(c)
	if c.legs == 0 {
		c.leg(c.called, start, 0)
	}
	return c
}

// number returns an outside number, often one that has called before. It is empty if the number is
// withheld.
func (d dice) number() string {
	if d.chance(0.04) {
		return ""
	}
	return "555010" + strconv.Itoa(1000+d.IntN(3000))
}

// newID names a call or a channel.
func (c *call) newID() string { return c.newIDAt(c.clock) }

// newIDAt is newID for a call or channel that began earlier.
func (c *call) newIDAt(clock int64) string {
	c.counter++
	return c.prefix + strconv.FormatInt(clock, 10) + "." + strconv.Itoa(c.counter)
}

// report adds an event that ends now. Events of one second keep their order.
func (c *call) report(e pbx.Event) {
	millis := (c.clock-c.ahead)*1000 + c.millis + int64(min(len(c.events), 99))
	c.events = append(c.events, Event{time.UnixMilli(millis).UTC(), e})
}

func (c *call) local(clock int64) pbx.LocalTime { return c.Zone.Local(time.Unix(clock, 0)) }

func (c *call) pass(seconds int) { c.clock += int64(seconds) }

// common is what all events of the call have. Software v4 names no MAC.
func (c *call) common() pbx.Common {
	if c.V4 {
		return pbx.Common{}
	}
	return pbx.Common{MAC: c.MAC}
}

// hearMenu lets the caller hear a menu, for minutes now and then, and go on to a queue.
func (c *call) hearMenu(queue string) {
	c.menu = menus[c.IntN(len(menus))]
	from := c.clock
	c.inMenu = c.between(2, 25)
	if c.chance(0.1) {
		c.inMenu = c.between(60, 400)
	}
	c.pass(c.inMenu)
	if c.index%3 == 1 || c.chance(0.3) {
		c.report(&pbx.IVRStep{
			UUID: c.uuid, IVRID: c.menu.id, IVRName: c.menu.name, Key: c.menu.key,
			Start: c.local(from), End: c.local(c.clock), Duration: pbx.IntOf(c.clock - from),
			Caller: c.caller, CallType: c.callType, Queue: queue, TrunkNumber: c.trunk,
			Common: c.common(),
		})
	}
}

// enter puts the call into a queue.
func (c *call) enter(queue string) {
	c.queue, c.entered = queue, c.clock
}

func (c *call) anyQueue() string { return oneOf(c.dice, c.Queues...) }
func (c *call) anyAgent() string { return oneOf(c.dice, c.Agents...) }

// anotherQueue returns a queue that the call is not in.
func (c *call) anotherQueue() string { return other(c.dice, c.Queues, c.queue) }

// other returns one of the choices, but not the given one.
func other(dice dice, choices []string, not string) string {
	i := dice.IntN(len(choices))
	if choices[i] == not {
		i = (i + 1) % len(choices)
	}
	return choices[i]
}

// record returns the record of a part of the call that began then and ends now. Callers may change
// it until the call is over.
func (c *call) record(agent string, from int64) *pbx.CallRecord {
	r := &pbx.CallRecord{
		UUID: c.uuid, Queue: c.queue, Agent: agent, Start: c.local(from), End: c.local(c.clock),
		Caller: c.caller, Called: c.called, CallType: c.callType,
		HangupCause: "Normal Clearing",
		Duration:    pbx.IntOf(c.clock - from), FeedbackTime: pbx.IntOf(0), RingTime: pbx.IntOf(0),
		HoldTime: pbx.IntOf(0), PauseTime: pbx.IntOf(0), TalkingTime: pbx.IntOf(0),
		VoicemailState: "0", Score: pbx.IntOf(0),
		IVRID: c.menu.id, IVRName: c.menu.name, IVRKey: c.menu.key, TrunkNumber: c.trunk,
		Common: c.common(),
	}
	if c.V4 && agent != "" && c.chance(0.2) {
		r.AgentSent = "SIP/" + agent
	}
	if c.inMenu > 0 {
		r.IVRTime = pbx.IntOf(int64(c.inMenu))
	}
	if c.queue != "" {
		r.CDRState, r.QueueTime = "queue", pbx.IntOf(c.clock-c.entered)
	}
	if c.chance(0.01) {
		r.QueueTime = pbx.Int{}
	}
	if c.Newer {
		r.HangupSide = oneOf(c.dice, "agent", "caller", "")
	}
	if c.chance(0.005) {
		r.End = 0
	}
	c.report(r)
	return r
}

// leave records that the caller leaves the queue without an agent.
func (c *call) leave(missCause string) *pbx.CallRecord {
	r := c.record("", c.entered)
	r.MissCause = missCause
	return r
}

// linger keeps the caller in the queue for some seconds that do not count as waiting. It records
// that no agent took part.
func (c *call) linger(seconds int, missCause string) *pbx.CallRecord {
	waited := c.clock - c.entered
	c.pass(seconds)
	r := c.leave(missCause)
	r.QueueTime = pbx.IntOf(waited)
	return r
}

// from returns when a record begins if its agent's phone began to ring at an instant.
func (c *call) from(rang int64) int64 {
	if c.ringStarts || c.queue == "" {
		return rang
	}
	return c.entered
}

// try lets an agent's phone ring without an answer.
func (c *call) try(agent string) {
	rang := c.ring(agent, c.between(5, 20), false)
	r := c.record(agent, c.from(rang))
	r.RingTime = pbx.IntOf(c.clock - rang)
	if c.queue != "" {
		r.MissCause = "NO_AGENT_ANSWER"
	}
}

// tryOthers lets up to two other phones ring without an answer.
func (c *call) tryOthers(agent string) {
	first := c.IntN(len(c.Agents))
	for i := range oneOf(c.dice, 0, 0, 0, 1, 1, 2) {
		if tried := c.Agents[(first+i)%len(c.Agents)]; tried != agent {
			c.try(tried)
		}
	}
}

// talk lets an agent answer. The two talk until one of them hangs up, or the caller is passed on.
func (c *call) talk(agent string) *pbx.CallRecord {
	rang := c.ring(agent, c.between(1, 15), true)
	answered := c.clock
	hold, wrapUp := 0, 0
	if !c.noWrapUp {
		hold, wrapUp = oneOf(c.dice, 0, 0, 0, c.about(30)), oneOf(c.dice, 0, c.about(20))
	}
	c.hold(agent, hold)
	talk := c.about(180)
	c.pass(talk)
	c.hangUp(agent, rang, answered)

	r := c.record(agent, c.from(rang))
	r.CDRState, r.Recording = "bridged", "monitor/"+c.uuid+"-"+agent+".wav"
	r.RingTime, r.HoldTime = pbx.IntOf(answered-rang), pbx.IntOf(int64(hold))
	r.PauseTime, r.TalkingTime = pbx.IntOf(int64(wrapUp)), pbx.IntOf(int64(talk))
	if r.QueueTime.Known() {
		r.QueueTime = pbx.IntOf(answered - c.entered)
	}
	if c.chance(0.02) {
		r.TalkingTime = pbx.Int{}
	}
	return r
}

// rate lets the caller rate the agent, or hang up without a rating.
func (c *call) rate(r *pbx.CallRecord) {
	r.CDRState = "feedback"
	r.FeedbackTime, r.Score = pbx.IntOf(int64(c.between(2, 9))), pbx.IntOf(int64(c.IntN(6)))
}
