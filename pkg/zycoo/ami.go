package zycoo

import "strings"

// otherNames are names of events of Asterisk's manager interface that have no record of
// their own. They may be logged and counted, since they are no text of the PBX.
var otherNames = strings.Fields(`
	AgentCalled AgentComplete AgentConnect AgentDump AgentRingNoAnswer BridgeCreate BridgeDestroy BridgeLeave BridgeMerge
	ChannelTalkingStart ChannelTalkingStop CEL ContactStatus DeviceStateChange DialState DTMFBegin DTMFEnd HangupRequest Hold
	MessageWaiting MusicOnHoldStart MusicOnHoldStop NewAccountCode NewCallerid Newchannel NewConnectedLine Newexten Newstate
	ParkedCall PeerStatus Pickup PresenceStateChange QueueCallerAbandon QueueCallerJoin QueueCallerLeave QueueMemberAdded
	QueueMemberPause QueueMemberPenalty QueueMemberRemoved QueueMemberStatus Registry Rename RTCPReceived RTCPSent
	SoftHangupRequest Status Unhold UnParkedCall UserEvent VarSet`)

// KnownName is the name of an event without a record of its own, as AMI writes it; other
// where AMI has no such name.
func KnownName(name string) string {
	for _, known := range otherNames {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return "other"
}
