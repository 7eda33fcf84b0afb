package fleet

import (
	"strconv"
	"time"

	"trunkline/pkg/pbx"
)

// ring lets an agent's phone ring, and returns since when.
func (c *call) ring(agent string, seconds int, answered bool) (since int64) {
	since = c.clock
	end, state := "NOANSWER", "Idle"
	if answered {
		end, state = "ANSWER", "InUse"
	}
	var l pbx.Leg
	if c.live {
		l = c.dial(agent)
		c.report(&pbx.DialBegin{Leg: l, DialString: "SIP/" + agent, Common: c.ofDial(l)})
		c.show(agent, "Ringing")
	}
	c.pass(seconds)
	if c.live {
		c.endDial(l, end)
		c.show(agent, state)
	}
	if !answered {
		c.leg(agent, since, 0)
	}
	return since
}

// dial is a leg from the call's channel to an agent's.
func (c *call) dial(agent string) pbx.Leg {
	id := c.newID()
	if c.V4 {
		return c.v4Leg(agent, id)
	}
	return pbx.Leg{
		Timestamp: c.instant(), UniqueID: c.uuid, DestUniqueID: id,
		Channel: c.channel(), ChannelState: "6", CallerIDNum: c.caller,
		DestChannel: "SIP/" + agent + "-" + strconv.Itoa(c.counter), DestChannelState: "0",
		DestCallerIDNum: agent,
	}
}

// channel is the caller's channel.
func (c *call) channel() string { return "DAHDI/i1/" + c.caller + "-51" }

// endDial reports that an attempt to ring is over.
func (c *call) endDial(l pbx.Leg, status string) {
	if c.V4 {
		c.endV4Dial(l, status)
		return
	}
	l.Timestamp, l.DestUniqueID = c.instant(), ""
	c.report(&pbx.DialEnd{Leg: l, DialStatus: status})
}

// instant returns the current time, to the microsecond.
func (c *call) instant() time.Time {
	return time.UnixMicro(c.clock*1e6 + int64(c.IntN(1e6))).UTC()
}

var stateNumbers = map[string]int64{"Idle": 0, "InUse": 1, "Ringing": 8, "Hold": 16}

// show reports the state of an agent's extension.
func (c *call) show(agent, state string) {
	if c.V4 {
		c.newState(agent, state)
		return
	}
	e := &pbx.ExtensionStatus{Exten: agent, StatusText: state}
	if c.Newer {
		e.Status = pbx.IntOf(stateNumbers[state])
	}
	c.report(e)
}

// hold lets the agent put the caller on hold.
func (c *call) hold(agent string, seconds int) {
	if c.live && seconds > 0 {
		c.show(agent, "Hold")
	}
	c.pass(seconds)
	if c.live && seconds > 0 {
		c.show(agent, "InUse")
	}
}

// hangUp ends a talk of an agent and the caller.
func (c *call) hangUp(agent string, rang, answered int64) {
	if c.live {
		e := &pbx.Hangup{
			UniqueID: c.uuid, CallerIDNum: c.caller, CallerIDName: c.caller,
			ConnectedLineNum: agent, ConnectedLineName: agent,
		}
		if c.V4 {
			e.LinkedID, e.Channel = c.uuid, c.channel()
			e.Cause, e.CauseText = "16", "Normal Clearing"
		}
		c.report(e)
		c.show(agent, "Idle")
	}
	c.leg(agent, rang, answered)
}

// leg reports a finished leg of the call, as newer firmware does in addition. answered is 0 if
// nobody answered it.
func (c *call) leg(destination string, from, answered int64) {
	if !c.Newer {
		return
	}
	e := &pbx.CDR{
		UniqueID: c.uuid, Start: c.local(from), End: c.local(c.clock),
		CallerID: `"" <` + c.caller + ">", Source: c.caller, Destination: destination,
		Disposition: "NO ANSWER", Duration: pbx.IntOf(c.clock - from), Billable: pbx.IntOf(0),
	}
	switch pbx.DirectionOf(c.callType) {
	case pbx.Inbound:
		e.CallType = "inbound"
	case pbx.Outbound:
		e.CallType, e.Destination = "outbound", c.called
	}
	if answered > 0 {
		e.Answer, e.Disposition, e.Billable = c.local(answered), "ANSWERED", pbx.IntOf(c.clock-answered)
	}
	if c.V4 {
		c.asV4(e, from)
	}
	c.legs++
	c.report(e)
}
