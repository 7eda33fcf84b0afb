package fleet

import (
	"cmp"
	"time"

	"trunkline/pkg/pbx"
)

// v4Leg is a leg from the call's channel to an agent's. A Newchannel may report it first.
func (c *call) v4Leg(agent, id string) pbx.Leg {
	l := pbx.Leg{
		UniqueID: c.uuid, LinkedID: c.uuid, DestUniqueID: id,
		Channel: c.channel(), CallerIDNum: c.caller,
		DestChannel: "SIP/" + agent + "-" + id[len(id)-2:], DestCallerIDNum: agent,
	}
	if c.chance(0.5) {
		c.report(manager("Newchannel", l.DestChannel, "0", "Down", agent, id, c.uuid))
	}
	return l
}

// ofDial returns the additional members of a leg's events in v4.
func (c *call) ofDial(l pbx.Leg) pbx.Common {
	if !c.V4 {
		return c.common()
	}
	return pbx.Common{Extra: []pbx.Member{
		{Name: "CallerIDName", Value: none}, {Name: "ConnectedLineNum", Value: l.DestCallerIDNum},
		{Name: "Exten", Value: "s"}, {Name: "DestLinkedid", Value: l.LinkedID},
		{Name: "DestConnectedLineNum", Value: l.CallerIDNum},
	}}
}

// endV4Dial reports that an attempt to ring is over. If it was answered, it reports that the two
// are connected.
func (c *call) endV4Dial(l pbx.Leg, status string) {
	c.report(&pbx.DialEnd{Leg: l, DialStatus: status, Common: c.ofDial(l)})
	if status != "ANSWER" {
		return
	}
	const bridge = "5f1f2c0e-4d0b-4c07-a8a4-0d8d3a1f6c11"
	c.report(&pbx.BridgeEnter{
		UniqueID: l.DestUniqueID, LinkedID: c.uuid, BridgeUniqueID: bridge, Channel: l.DestChannel, CallerIDNum: l.DestCallerIDNum,
	})
	c.report(&pbx.BridgeEnter{
		UniqueID: c.uuid, LinkedID: c.uuid, BridgeUniqueID: bridge, Channel: l.Channel, CallerIDNum: c.caller,
	})
}

// newState sometimes reports the state of the channel to an agent.
func (c *call) newState(agent, state string) {
	numbers := map[string]string{"Ringing": "5", "InUse": "6"}
	names := map[string]string{"Ringing": "Ringing", "InUse": "Up"}
	if numbers[state] != "" && c.chance(0.3) {
		c.report(manager("Newstate", "SIP/"+agent, numbers[state], names[state], agent, c.uuid, c.uuid))
	}
}

// manager returns an event of AMI that makes no record.
func manager(name, channel, state, stateName, number, id, linked string) pbx.Event {
	return &pbx.Unrecognised{Name: name, Common: pbx.Common{Extra: []pbx.Member{
		{Name: "Channel", Value: channel}, {Name: "ChannelState", Value: state}, {Name: "ChannelStateDesc", Value: stateName},
		{Name: "CallerIDNum", Value: number}, {Name: "CallerIDName", Value: none},
		{Name: "Uniqueid", Value: id}, {Name: "Linkedid", Value: linked},
	}}}
}

// asV4 turns a leg that began then into one of software v4. Its id has its start, and LinkedID
// names the call. The leg with which the call begins has the call's name.
func (c *call) asV4(e *pbx.CDR, from int64) {
	e.LinkedID = c.uuid
	if named, ok := pbx.NamedAt(c.uuid); !ok || named.Unix() != from {
		e.UniqueID = c.newIDAt(from)
	}
	e.Start, e.StartFromID, e.InUTC = pbx.UTC.Local(time.Unix(from, 0)), true, true
	e.Answer, e.End = 0, 0
	if e.CallerID = ""; c.caller != "" {
		e.CallerID = `"` + c.caller + `" <` + c.caller + ">"
	}
	e.CallType = map[string]string{"inbound": "incoming", "outbound": "outgoing"}[e.CallType]
	if e.Disposition == "ANSWERED" {
		e.Recording = "/var/spool/asterisk/monitor/" + e.UniqueID + ".wav"
	}
	e.Extra = []pbx.Member{{Name: "CallSrcNum", Value: cmp.Or(e.Source, none)}, {Name: "CallDestNum", Value: cmp.Or(e.Destination, none)}}
}
