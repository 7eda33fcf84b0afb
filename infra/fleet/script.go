package fleet

import "trunkline/pkg/pbx"

// scripts are the ways in which calls go, and how many in a thousand go each way.
var scripts = []struct {
	share int
	play  func(*call)
}{
	{440, (*call).isAnswered},
	{60, (*call).givesUpSoon},
	{70, (*call).givesUp},
	{35, (*call).leavesMessage},
	{35, (*call).overflows},
	{20, (*call).isForwarded},
	{15, (*call).returnsToMenu},
	{30, (*call).reenters},
	{35, (*call).isTransferred},
	{5, (*call).endsOddly},
	{5, (*call).isAnsweredByNobodyNamed},
	{10, (*call).hasOddType},
	{40, (*call).staysInMenu},
	{30, (*call).isDirect},
	{130, (*call).goesOut},
	{40, (*call).isInternal},
}

// script draws the script of a call. Before midnight it is often one that goes on after midnight.
func (c *call) script() func(*call) {
	if l := c.local(c.clock); l.Day() != (l+240).Day() && c.chance(0.6) {
		return oneOf(c.dice, (*call).reenters, (*call).overflows, (*call).isTransferred)
	}
	n := c.IntN(1000)
	for _, s := range scripts {
		if n -= s.share; n < 0 {
			return s.play
		}
	}
	return (*call).isAnswered
}

// arrive takes the caller into a queue, usually through a menu.
func (c *call) arrive() {
	queue := c.anyQueue()
	if c.chance(0.7) {
		c.hearMenu(queue)
	}
	c.enter(queue)
}

// isAnswered: an agent talks to the caller, after others may have let it ring.
func (c *call) isAnswered() {
	c.arrive()
	c.pass(c.about(8))
	agent := c.anyAgent()
	c.tryOthers(agent)
	c.conclude(agent)
}

// conclude lets an agent answer. The caller may rate that.
func (c *call) conclude(agent string) {
	if r := c.talk(agent); c.chance(0.25) {
		c.rate(r)
	}
}

// missCauses are the causes for which nobody answered, as a PBX reports them.
var missCauses = []string{"MEMBER_CANCEL", "", "NO_AGENT_ANSWER", "NO_ASSIGN", "NO_AGENT_LOGIN"}

// givesUpSoon: the caller hangs up within seconds.
func (c *call) givesUpSoon() {
	c.arrive()
	c.pass(c.between(0, 9))
	c.leave(oneOf(c.dice, missCauses...))
}

// givesUp: the caller hangs up after some time, in which phones may have rung.
func (c *call) givesUp() {
	c.arrive()
	c.pass(c.between(10, 20))
	c.tryOthers("")
	c.pass(c.about(60))
	c.leave(oneOf(c.dice, missCauses...))
}

// leavesMessage: nobody answers, and the caller leaves a message. Its length may count as talk.
func (c *call) leavesMessage() {
	c.arrive()
	c.pass(c.between(15, 60))
	c.tryOthers("")
	message := c.between(3, 90)
	r := c.linger(message, oneOf(c.dice, "", "NO_AGENT_ANSWER", "NO_AGENT_LOGIN"))
	r.VoicemailState = "1"
	if c.chance(0.4) {
		r.TalkingTime, r.CDRState = pbx.IntOf(int64(message)), oneOf(c.dice, "bridged", "queue")
	}
}

// overflows: the queue passes the caller on to another one.
func (c *call) overflows() {
	c.arrive()
	c.pass(c.between(20, 90))
	c.tryOthers("")
	c.leave("NO_AGENT_ANSWER")
	c.pass(c.between(0, 2))
	c.enter(c.anotherQueue())
	c.pass(c.about(30))
	if c.chance(0.3) {
		c.leave("MEMBER_CANCEL")
		return
	}
	c.conclude(c.anyAgent())
}

// isForwarded: the queue passes the caller on to an outside number, where somebody may answer.
func (c *call) isForwarded() {
	c.arrive()
	c.pass(c.between(10, 60))
	talk := oneOf(c.dice, 0, c.about(100))
	r := c.linger(talk, "NO_AGENT_LOGIN")
	if r.ForwardType = oneOf(c.dice, "", "mobile"); r.ForwardType == "" || c.chance(0.5) {
		r.ForwardNumber = "5550200"
	}
	if r.TalkingTime = pbx.IntOf(int64(talk)); talk > 0 {
		r.CDRState = "bridged"
	}
}

// returnsToMenu: the caller leaves the queue by pressing a key.
func (c *call) returnsToMenu() {
	c.arrive()
	c.pass(c.between(1, 60))
	r := c.leave("")
	r.CDRState = "ivr"
}

// reenters: the caller leaves the queue, and comes back to it.
func (c *call) reenters() {
	c.arrive()
	agent := c.anyAgent()
	for range c.between(1, 2) {
		c.pass(c.between(10, 60))
		c.try(agent)
		c.leave("NO_AGENT_ANSWER")
		c.pass(c.between(1, 200))
		c.enter(c.queue)
	}
	if c.chance(0.3) {
		c.pass(c.about(20))
		c.leave("MEMBER_CANCEL")
		return
	}
	c.conclude(agent)
}

// isTransferred: the agent passes the caller on to a second agent, of the same queue or another.
// The agent may ask the second one first, in another call that is marked as inbound.
func (c *call) isTransferred() {
	c.arrive()
	c.pass(c.about(8))
	first := c.anyAgent()
	c.talk(first)
	second := other(c.dice, c.Agents, first)
	queue := oneOf(c.dice, c.queue, c.anotherQueue())
	if c.chance(0.6) {
		c.consult(first, second, queue)
	}
	c.enter(queue)
	c.conclude(second)
}

// consult lets an agent call another one through a queue.
func (c *call) consult(first, second, queue string) {
	id := c.newID()
	leg := *c
	leg.uuid, leg.caller, leg.called = id, first, queue
	leg.inMenu, leg.menu, leg.trunk = 0, menu{}, ""
	leg.enter(queue)
	leg.talk(second)
	c.clock, c.counter, c.legs, c.events = leg.clock, leg.counter, leg.legs, leg.events
}

// endsOddly: the PBX reports an unknown state.
func (c *call) endsOddly() {
	c.arrive()
	c.pass(c.between(1, 60))
	r := c.leave("")
	r.CDRState = oneOf(c.dice, "", "conference", "parked")
}

// isAnsweredByNobodyNamed: somebody talks to the caller, but the PBX does not report who.
func (c *call) isAnsweredByNobodyNamed() {
	c.arrive()
	c.pass(c.about(20))
	talk := c.about(100)
	r := c.linger(talk, "")
	r.CDRState, r.TalkingTime = "bridged", pbx.IntOf(int64(talk))
}

// hasOddType: the call type is unknown.
func (c *call) hasOddType() {
	c.callType = oneOf(c.dice, "callback", "spy")
	c.isAnswered()
}

// staysInMenu: the caller hangs up in a menu, before a queue.
func (c *call) staysInMenu() {
	from := c.clock
	c.hearMenu("")
	r := c.record("", from)
	r.CDRState = "ivr"
}

// isDirect: the caller dials an agent's own number.
func (c *call) isDirect() {
	c.called = c.anyAgent()
	c.talkOrTry(c.called)
}

// goesOut: an agent calls an outside number, sometimes for a queue's campaign.
func (c *call) goesOut() {
	agent := c.anyAgent()
	c.callType, c.caller, c.called = c.words.out, agent, c.number()
	if c.chance(0.2) {
		c.enter(c.anyQueue())
	}
	c.talkOrTry(agent)
}

// isInternal: an extension calls another one.
func (c *call) isInternal() {
	c.callType, c.caller = c.words.internal, c.anyAgent()
	c.called = other(c.dice, c.Agents, c.caller)
	c.talkOrTry(c.called)
}

// talkOrTry lets the other side answer in most cases.
func (c *call) talkOrTry(agent string) {
	if c.chance(0.2) {
		c.try(agent)
		return
	}
	c.talk(agent)
}
