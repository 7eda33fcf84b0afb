package pbx

import "time"

// Kind is the kind of an event, in the spelling that is stored.
type Kind string

// The kinds of event that a PBX sends. KindUnrecognised stands for all others.
const (
	KindDialBegin       Kind = "dialbegin"
	KindDialEnd         Kind = "dialend"
	KindHangup          Kind = "hangup"
	KindExtensionStatus Kind = "extensionstatus"
	KindIVR             Kind = "ivr"
	KindCallRecord      Kind = "cc_cdr"
	KindCDR             Kind = "cdr"
	KindBridgeEnter     Kind = "bridgeenter"
	KindAgentLogin      Kind = "agentlogin"
	KindAgentLogoff     Kind = "agentlogoff"
	KindUnrecognised    Kind = "unrecognised"
)

// Kinds returns all kinds.
func Kinds() []Kind {
	return []Kind{
		KindDialBegin, KindDialEnd, KindHangup, KindExtensionStatus, KindIVR, KindCallRecord, KindCDR,
		KindBridgeEnter, KindAgentLogin, KindAgentLogoff, KindUnrecognised,
	}
}

// Event is one thing that a PBX reported. It is one of *DialBegin, *DialEnd,
// *Hangup, *ExtensionStatus, *IVRStep, *CallRecord, *CDR, *BridgeEnter,
// *AgentLogin, *AgentLogoff and *Unrecognised.
//
// The JSON of an event has only known members, in lower case with underscores. Durations are whole
// seconds, and times have the form of LocalTime.
type Event interface {
	Kind() Kind
	// ClaimedMAC returns the MAC in the event's body, or an empty string. It proves nothing:
	// the URL identifies the PBX.
	ClaimedMAC() MAC
	// Misread returns the known members that could not be read.
	Misread() []Member
	sealed()
}

// Common holds what every kind of event has.
type Common struct {
	// MAC is the MAC in the body. The record has the MAC of the URL, so this one is not in the
	// event's JSON.
	MAC MAC `json:"-"`
	// Unreadable holds the known members that could not be read, in their order, with their
	// texts. Their values are unknown in the event. A text with damaged characters has the rest.
	Unreadable []Member `json:"unreadable,omitempty"`
	// Extra holds the members that this version does not know, in their order.
	Extra []Member `json:"extra,omitempty"`
}

// Member is a member of an event that this version does not know. Its value is text, since PBXs
// write numbers with and without quotes. The text is a string's characters, a number as it was
// written, true or false. It is empty for null, and compact JSON for an object or an array.
type Member struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ClaimedMAC implements Event.
func (c *Common) ClaimedMAC() MAC { return c.MAC }

func (*Common) sealed() {}

// Misread returns the known members that could not be read.
func (c *Common) Misread() []Member { return c.Unreadable }

// Leg holds what DialBegin and DialEnd have in common: one channel that rings for a call.
type Leg struct {
	Timestamp        time.Time `json:"timestamp,omitzero"` // by the PBX's clock, to the microsecond
	UniqueID         string    `json:"uniqueid"`           // of the caller's channel
	LinkedID         string    `json:"linkedid,omitempty"` // the UniqueID of the call's first channel, from software v4
	DestUniqueID     string    `json:"dest_uniqueid,omitempty"`
	Channel          string    `json:"channel,omitempty"` // the caller's
	ChannelState     string    `json:"channel_state,omitempty"`
	CallerIDNum      string    `json:"caller,omitempty"`
	DestChannel      string    `json:"dest_channel,omitempty"` // the one that rings
	DestChannelState string    `json:"dest_channel_state,omitempty"`
	DestCallerIDNum  string    `json:"dest_caller,omitempty"`
	DestExten        string    `json:"dest_exten,omitempty"`
}

// DialBegin reports that the PBX began to ring a channel.
// Identity: UniqueID and DestUniqueID; without one DestChannel, and without that its content.
type DialBegin struct {
	Leg
	DialString string `json:"dial_string,omitempty"`
	Common
}

// DialEnd reports that an attempt to ring a channel is over, because it was answered or
// for any other reason. The call itself may go on.
// Identity: UniqueID and DestChannel; without one DestUniqueID, and without that its content.
type DialEnd struct {
	Leg
	DialStatus string `json:"dial_status,omitempty"` // ANSWER, BUSY, NOANSWER, CANCEL, hangup, …
	Common
}

// Hangup reports that a channel was hung up. It may be either channel of a call, so
// its UniqueID may be another event's DestUniqueID. Identity: UniqueID.
type Hangup struct {
	UniqueID          string `json:"uniqueid"`
	LinkedID          string `json:"linkedid,omitempty"` // the UniqueID of the call's first channel, from software v4
	Channel           string `json:"channel,omitempty"`
	CallerIDNum       string `json:"caller,omitempty"`
	CallerIDName      string `json:"caller_name,omitempty"`
	ConnectedLineNum  string `json:"connected,omitempty"`
	ConnectedLineName string `json:"connected_name,omitempty"`
	Cause             string `json:"cause,omitempty"`      // Q.850's number for it
	CauseText         string `json:"cause_text,omitempty"` // Asterisk's words for it
	Common
}

// BridgeEnter reports that a channel was connected with another one, so its call was answered.
// Identity: UniqueID.
type BridgeEnter struct {
	UniqueID       string `json:"uniqueid"`
	LinkedID       string `json:"linkedid,omitempty"` // the UniqueID of the call's first channel
	BridgeUniqueID string `json:"bridge_uniqueid,omitempty"`
	Channel        string `json:"channel,omitempty"`
	CallerIDNum    string `json:"caller,omitempty"`
	Common
}

// Sign holds what AgentLogin and AgentLogoff have in common. These events contain no time, so the
// time of receipt is used, and is a part of their identity.
type Sign struct {
	Agent     string `json:"agent"`                // the extension: AgentCode of what was sent
	AgentSent string `json:"agent_sent,omitempty"` // what was sent, where that is something else
	Channel   string `json:"channel,omitempty"`
	UniqueID  string `json:"uniqueid,omitempty"`
}

// AgentLogin reports that an agent began to take calls. Identity: Agent and the time of
// receipt.
type AgentLogin struct {
	Sign
	Common
}

// AgentLogoff reports that an agent stopped taking calls. Identity: Agent and the time of
// receipt.
type AgentLogoff struct {
	Sign
	Common
}

// ExtensionStatus reports the state of one extension. Identity: Exten.
type ExtensionStatus struct {
	Exten      string `json:"exten"`
	StatusText string `json:"status_text,omitempty"` // Asterisk's name for it
	Status     Int    `json:"status,omitzero"`       // Asterisk's number for it, from newer firmware
	Common
}

// IVRStep reports one menu (interactive voice response) that a caller heard.
// Identity: UUID, IVRID and Start.
type IVRStep struct {
	UUID        string    `json:"uuid"`
	IVRID       string    `json:"ivr_id"`
	IVRName     string    `json:"ivr_name,omitempty"`
	Key         string    `json:"key,omitempty"` // what the caller pressed (DTMF)
	Start       LocalTime `json:"start"`
	End         LocalTime `json:"end,omitzero"`
	InUTC       bool      `json:"in_utc,omitempty"` // the PBX sent instants, so the times are in UTC
	Duration    Int       `json:"duration_seconds,omitzero"`
	Caller      string    `json:"caller,omitempty"`
	Called      string    `json:"called,omitempty"`
	CallType    string    `json:"call_type,omitempty"`
	Queue       string    `json:"queue,omitempty"` // where the caller went next
	TrunkNumber string    `json:"trunk_number,omitempty"`
	Common
}

// CallRecord is the contact centre's record of a call, or of its visit to one
// queue or agent (cc_cdr). Identity: UUID, Queue, Agent and Start; a call that saw
// no queue or no agent has them empty.
type CallRecord struct {
	UUID           string    `json:"uuid"`
	Queue          string    `json:"queue,omitempty"`
	Agent          string    `json:"agent,omitempty"`      // the extension that was tried, not always the one that answered: AgentCode of what was sent
	AgentSent      string    `json:"agent_sent,omitempty"` // what was sent, where that is something else
	Start          LocalTime `json:"start"`
	End            LocalTime `json:"end,omitzero"`
	InUTC          bool      `json:"in_utc,omitempty"` // the PBX sent instants, so the times are in UTC
	Caller         string    `json:"caller,omitempty"`
	Called         string    `json:"called,omitempty"`
	CallType       string    `json:"call_type,omitempty"` // IN, incoming, inbound, OUT, …, as written
	CDRState       string    `json:"cdr_state,omitempty"` // where the call ended: bridged, feedback, queue or ivr
	HangupCause    string    `json:"hangup_cause,omitempty"`
	HangupSide     string    `json:"hangup_side,omitempty"`
	Duration       Int       `json:"duration_seconds,omitzero"`
	QueueTime      Int       `json:"queue_seconds,omitzero"` // waiting in the queue, ringing included
	FeedbackTime   Int       `json:"feedback_seconds,omitzero"`
	IVRTime        Int       `json:"ivr_seconds,omitzero"`
	RingTime       Int       `json:"ring_seconds,omitzero"` // lies inside QueueTime: never add them
	HoldTime       Int       `json:"hold_seconds,omitzero"`
	PauseTime      Int       `json:"wrap_up_seconds,omitzero"`
	TalkingTime    Int       `json:"talk_seconds,omitzero"`
	VoicemailState string    `json:"voicemail_state,omitempty"` // empty or 0: no message was left
	IVRID          string    `json:"ivr_id,omitempty"`
	IVRName        string    `json:"ivr_name,omitempty"`
	IVRKey         string    `json:"ivr_key,omitempty"`
	ForwardType    string    `json:"forward_type,omitempty"`
	ForwardNumber  string    `json:"forward_number,omitempty"`
	Score          Int       `json:"score,omitzero"` // the caller's rating; 0: not rated
	TrunkNumber    string    `json:"trunk_number,omitempty"`
	Recording      string    `json:"recording,omitempty"`
	MissCause      string    `json:"miss_cause,omitempty"` // NO_ASSIGN, NO_AGENT_ANSWER, NO_AGENT_LOGIN or MEMBER_CANCEL
	Common
}

// CDR is the plain call detail record of newer firmware, one for each leg of a
// call. Identity: UniqueID, Start and Destination.
type CDR struct {
	UniqueID    string    `json:"uniqueid"`
	LinkedID    string    `json:"linkedid,omitempty"` // the UniqueID of the call's first leg, from software v4
	Start       LocalTime `json:"start"`
	StartFromID bool      `json:"start_from_id,omitempty"` // the PBX sent no start: it is the time in UniqueID
	InUTC       bool      `json:"in_utc,omitempty"`        // the PBX sent instants, so the times are in UTC
	Answer      LocalTime `json:"answer,omitzero"`
	End         LocalTime `json:"end,omitzero"`
	CallerID    string    `json:"caller_id,omitempty"`
	Source      string    `json:"source,omitempty"`
	Destination string    `json:"destination,omitempty"`
	Disposition string    `json:"disposition,omitempty"` // ANSWERED, NO ANSWER, BUSY or FAILED
	Duration    Int       `json:"duration_seconds,omitzero"`
	Billable    Int       `json:"billable_seconds,omitzero"`
	CallType    string    `json:"call_type,omitempty"` // outbound, inbound or empty: internal
	Recording   string    `json:"recording,omitempty"`
	Common
}

// Unrecognised is an event of a kind that this version does not know. All its
// members are in Extra.
type Unrecognised struct {
	Name string `json:"event"` // as the PBX wrote it
	Common
}

// Kind implements Event.
func (*DialBegin) Kind() Kind { return KindDialBegin }

// Kind implements Event.
func (*DialEnd) Kind() Kind { return KindDialEnd }

// Kind implements Event.
func (*Hangup) Kind() Kind { return KindHangup }

// Kind implements Event.
func (*ExtensionStatus) Kind() Kind { return KindExtensionStatus }

// Kind implements Event.
func (*IVRStep) Kind() Kind { return KindIVR }

// Kind implements Event.
func (*CallRecord) Kind() Kind { return KindCallRecord }

// Kind implements Event.
func (*CDR) Kind() Kind { return KindCDR }

// Kind implements Event.
func (*BridgeEnter) Kind() Kind { return KindBridgeEnter }

// Kind implements Event.
func (*AgentLogin) Kind() Kind { return KindAgentLogin }

// Kind implements Event.
func (*AgentLogoff) Kind() Kind { return KindAgentLogoff }

// Kind implements Event.
func (*Unrecognised) Kind() Kind { return KindUnrecognised }
