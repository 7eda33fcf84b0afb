// Package zycoo reads the dialect in which ZYCOO CooVox PBXs write their events:
// it decodes bytes into events of package pbx. It uses no clock, no store and no network, and
// keeps no state between calls.
//
// A body is one event, or an array of events, written like a JavaScript object
// literal. Strict JSON is a part of that language.
//
//	body    = object | "[" [ value { "," value } [ "," ] ] "]"
//	object  = "{" { member ( "," | end of line ) } [ member ] "}"
//	member  = ( word | string | number ) ":" value
//	value   = string | number | object | array | "true" | "false" | "null"
//	array   = "[" [ value { "," value } [ "," ] ] "]"
//	string  = "…" or '…' on one line, with JavaScript's escapes
//	number  = [ "+" | "-" ] digits [ "." digits ] [ ( "e" | "E" ) [ "+" | "-" ] digits ]
//	word    = letters, digits, "_", "$", "-" and whatever is not ASCII
//
// Blanks and comments (// and /* */) may stand between any two of these. A line ends
// in a line feed, with or without a carriage return before it. The comma
// between two members may be missing where the line ends, as in the vendor's own
// example of a hangup. Of two members of one name, the later one counts, unless it is empty.
//
// # Carriers
//
// A body that begins with neither { nor [ is one of these:
//
//   - lines of names and values, such as Event: Hangup, as the manager interface of
//     Asterisk (AMI) writes them. An empty line ends an event.
//   - multipart/form-data: a literal as its only part, or a part for each member.
//   - an HTML form (application/x-www-form-urlencoded): a literal as its only key or as
//     the value of its only field, or a field for each member. A % that begins no escape
//     is kept.
//
// A byte-order mark before the body, and NULs and line ends behind it, are skipped.
//
// # Text
//
// Each string is decoded by itself. It is UTF-8 if it is valid, apart from a character that is cut
// at either end. Otherwise it is GB18030 (which includes GBK) if that gives plausible Chinese.
// Otherwise it is UTF-8, and bad bytes are replaced by U+FFFD. A string with damaged characters is
// noted as unreadable, and the rest of it counts.
//
// # Members
//
// A member that can't be read is unknown, and the event is recorded all the same. It is
// noted with its text. An event is refused only where its identity or its time is missing.
// Blanks around codes do not count, and neither does the case of kinds, states, causes and
// types. Empty, (null), null, none and <unknown> say nothing, and neither does 0 for a
// queue, an agent and a forward. A duration over seven days is unreadable. A time is one
// of the PBX's clock, such as 2018-11-05 19:05:31, or an instant, such as
// 2018-11-05T11:05:31Z.
//
// These are the spellings of kinds and members, in any case. Where an event has a member
// in two spellings, that which comes first here counts, if it says anything; the other one
// is kept among the unknown members.
//
//	cc_cdr
//	    uuid, uniqueid
//	    caller, CallSrcNum, call_src_num
//	    called, CallDestNum, call_dest_num
//	    queueCode
//	    agentCode
//	    callType
//	    cdrState
//	    hangupCause
//	    startTime
//	    endTime
//	    duration
//	    queueTime
//	    feedbackTime
//	    ivrTime
//	    ringTime
//	    holdTime
//	    pauseTime
//	    talkingTime
//	    voicemailState
//	    ivrId
//	    ivrName
//	    ivrDtmf
//	    fwType
//	    score
//	    trunkNumber
//	    forwardNumber
//	    filePath, recording_filename
//	    missCause
//	    hangupSide
//	    mac
//	cdr
//	    uniqueid
//	    linkedid
//	    starttime
//	    answertime
//	    endtime
//	    callerid
//	    source, CallSrcNum, call_src_num
//	    destination, CallDestNum, call_dest_num
//	    disposition
//	    duration
//	    billableseconds, billsec
//	    calltype
//	    recordfile, recording_filename, RecordingFile
//	    mac
//	ivr
//	    uuid, uniqueid
//	    ivrId
//	    ivrName
//	    ivrDtmf
//	    startTime
//	    endTime
//	    duration
//	    caller
//	    called
//	    callType
//	    queueCode
//	    trunkNumber
//	    mac
//	extensionstatus
//	    exten
//	    statustext
//	    status
//	    mac
//	dialbegein, dialbegin
//	    timestamp
//	    uniqueid
//	    linkedid
//	    destuniqueid
//	    channel
//	    channelstate
//	    calleridnum
//	    destchannel
//	    destchannelstate
//	    destcalleridnum
//	    destexten
//	    dialstring
//	    mac
//	dialend
//	    timestamp
//	    uniqueid
//	    linkedid
//	    destuniqueid
//	    channel
//	    channelstate
//	    calleridnum
//	    destchannel
//	    destchannelstate
//	    destcalleridnum
//	    destexten
//	    dialstatus
//	    mac
//	hangup
//	    uniqueid
//	    linkedid
//	    channel
//	    calleridnum
//	    calleridname
//	    connectedlinenum
//	    connectedlinename
//	    cause
//	    Cause-txt
//	    mac
//	BridgeEnter
//	    Uniqueid
//	    Linkedid
//	    BridgeUniqueid
//	    Channel
//	    CallerIDNum
//	    mac
//	AgentLogin
//	    Agent
//	    Channel
//	    Uniqueid
//	    mac
//	AgentLogoff
//	    Agent
//	    Channel
//	    Uniqueid
//	    mac
//
// Source of the events: the vendor's page "主动推送" (active push), users of newer
// firmware, and the names of Asterisk's manager interface, which software v4 uses.
package zycoo
