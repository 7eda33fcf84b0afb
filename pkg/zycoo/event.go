package zycoo

import (
	"time"

	"trunkline/pkg/pbx"
)

// tables are all kinds of events and their members, as PBXs write them. To read one more
// spelling, add it behind the others of its member. The package comment repeats them, and
// a test holds the two equal.
var tables = []kind{
	indexed(table[pbx.CallRecord]{
		names: "cc_cdr",
		fields: []field[pbx.CallRecord]{
			{"uuid uniqueid", code(func(e *pbx.CallRecord) *string { return &e.UUID })},
			{"caller CallSrcNum call_src_num", code(func(e *pbx.CallRecord) *string { return &e.Caller })},
			{"called CallDestNum call_dest_num", code(func(e *pbx.CallRecord) *string { return &e.Called })},
			{"queueCode", codeNot0(func(e *pbx.CallRecord) *string { return &e.Queue })},
			{"agentCode", agent(func(e *pbx.CallRecord) (code, sent *string) { return &e.Agent, &e.AgentSent })},
			{"callType", code(func(e *pbx.CallRecord) *string { return &e.CallType })},
			{"cdrState", lower(func(e *pbx.CallRecord) *string { return &e.CDRState })},
			{"hangupCause", text(func(e *pbx.CallRecord) *string { return &e.HangupCause })},
			{"startTime", clock(func(e *pbx.CallRecord) *pbx.LocalTime { return &e.Start })},
			{"endTime", clock(func(e *pbx.CallRecord) *pbx.LocalTime { return &e.End })},
			{"duration", seconds(func(e *pbx.CallRecord) *pbx.Int { return &e.Duration })},
			{"queueTime", seconds(func(e *pbx.CallRecord) *pbx.Int { return &e.QueueTime })},
			{"feedbackTime", seconds(func(e *pbx.CallRecord) *pbx.Int { return &e.FeedbackTime })},
			{"ivrTime", seconds(func(e *pbx.CallRecord) *pbx.Int { return &e.IVRTime })},
			{"ringTime", seconds(func(e *pbx.CallRecord) *pbx.Int { return &e.RingTime })},
			{"holdTime", seconds(func(e *pbx.CallRecord) *pbx.Int { return &e.HoldTime })},
			{"pauseTime", seconds(func(e *pbx.CallRecord) *pbx.Int { return &e.PauseTime })},
			{"talkingTime", seconds(func(e *pbx.CallRecord) *pbx.Int { return &e.TalkingTime })},
			{"voicemailState", code(func(e *pbx.CallRecord) *string { return &e.VoicemailState })},
			{"ivrId", code(func(e *pbx.CallRecord) *string { return &e.IVRID })},
			{"ivrName", text(func(e *pbx.CallRecord) *string { return &e.IVRName })},
			{"ivrDtmf", code(func(e *pbx.CallRecord) *string { return &e.IVRKey })},
			{"fwType", codeNot0(func(e *pbx.CallRecord) *string { return &e.ForwardType })},
			{"score", score(func(e *pbx.CallRecord) *pbx.Int { return &e.Score })},
			{"trunkNumber", code(func(e *pbx.CallRecord) *string { return &e.TrunkNumber })},
			{"forwardNumber", codeNot0(func(e *pbx.CallRecord) *string { return &e.ForwardNumber })},
			{"filePath recording_filename", text(func(e *pbx.CallRecord) *string { return &e.Recording })},
			{"missCause", upper(func(e *pbx.CallRecord) *string { return &e.MissCause })},
			{"hangupSide", lower(func(e *pbx.CallRecord) *string { return &e.HangupSide })},
		},
		parts: func(e *pbx.CallRecord) (pbx.Event, *pbx.Common) { return e, &e.Common },
		finish: func(d *decoder, e *pbx.CallRecord) {
			e.InUTC = d.alignTimes(&e.Start, false)
			d.need("uuid", e.UUID != "")
			d.need("startTime", e.Start != 0)
		},
	}),
	indexed(table[pbx.CDR]{
		names: "cdr",
		fields: []field[pbx.CDR]{
			{"uniqueid", code(func(e *pbx.CDR) *string { return &e.UniqueID })},
			{"linkedid", code(func(e *pbx.CDR) *string { return &e.LinkedID })},
			{"starttime", clock(func(e *pbx.CDR) *pbx.LocalTime { return &e.Start })},
			{"answertime", clock(func(e *pbx.CDR) *pbx.LocalTime { return &e.Answer })},
			{"endtime", clock(func(e *pbx.CDR) *pbx.LocalTime { return &e.End })},
			{"callerid", text(func(e *pbx.CDR) *string { return &e.CallerID })},
			{"source CallSrcNum call_src_num", code(func(e *pbx.CDR) *string { return &e.Source })},
			{"destination CallDestNum call_dest_num", code(func(e *pbx.CDR) *string { return &e.Destination })},
			{"disposition", code(func(e *pbx.CDR) *string { return &e.Disposition })},
			{"duration", seconds(func(e *pbx.CDR) *pbx.Int { return &e.Duration })},
			{"billableseconds billsec", seconds(func(e *pbx.CDR) *pbx.Int { return &e.Billable })},
			{"calltype", code(func(e *pbx.CDR) *string { return &e.CallType })},
			{"recordfile recording_filename RecordingFile", text(func(e *pbx.CDR) *string { return &e.Recording })},
		},
		parts: func(e *pbx.CDR) (pbx.Event, *pbx.Common) { return e, &e.Common },
		finish: func(d *decoder, e *pbx.CDR) {
			startFromID(e)
			splitSource(e)
			e.InUTC = d.alignTimes(&e.Start, e.StartFromID)
			d.need("uniqueid", e.UniqueID != "")
			d.need("starttime", e.Start != 0)
		},
	}),
	indexed(table[pbx.IVRStep]{
		names: "ivr",
		fields: []field[pbx.IVRStep]{
			{"uuid uniqueid", code(func(e *pbx.IVRStep) *string { return &e.UUID })},
			{"ivrId", code(func(e *pbx.IVRStep) *string { return &e.IVRID })},
			{"ivrName", text(func(e *pbx.IVRStep) *string { return &e.IVRName })},
			{"ivrDtmf", code(func(e *pbx.IVRStep) *string { return &e.Key })},
			{"startTime", clock(func(e *pbx.IVRStep) *pbx.LocalTime { return &e.Start })},
			{"endTime", clock(func(e *pbx.IVRStep) *pbx.LocalTime { return &e.End })},
			{"duration", seconds(func(e *pbx.IVRStep) *pbx.Int { return &e.Duration })},
			{"caller", code(func(e *pbx.IVRStep) *string { return &e.Caller })},
			{"called", code(func(e *pbx.IVRStep) *string { return &e.Called })},
			{"callType", code(func(e *pbx.IVRStep) *string { return &e.CallType })},
			{"queueCode", codeNot0(func(e *pbx.IVRStep) *string { return &e.Queue })},
			{"trunkNumber", code(func(e *pbx.IVRStep) *string { return &e.TrunkNumber })},
		},
		parts: func(e *pbx.IVRStep) (pbx.Event, *pbx.Common) { return e, &e.Common },
		finish: func(d *decoder, e *pbx.IVRStep) {
			e.InUTC = d.alignTimes(&e.Start, false)
			d.need("uuid", e.UUID != "")
			d.need("ivrId", e.IVRID != "")
			d.need("startTime", e.Start != 0)
		},
	}),
	indexed(table[pbx.ExtensionStatus]{
		names: "extensionstatus",
		fields: []field[pbx.ExtensionStatus]{
			{"exten", code(func(e *pbx.ExtensionStatus) *string { return &e.Exten })},
			{"statustext", code(func(e *pbx.ExtensionStatus) *string { return &e.StatusText })},
			{"status", status(func(e *pbx.ExtensionStatus) *pbx.Int { return &e.Status })},
		},
		parts:  func(e *pbx.ExtensionStatus) (pbx.Event, *pbx.Common) { return e, &e.Common },
		finish: func(d *decoder, e *pbx.ExtensionStatus) { d.need("exten", e.Exten != "") },
	}),
	indexed(table[pbx.DialBegin]{
		names: "dialbegein dialbegin",
		fields: append(legFields(func(e *pbx.DialBegin) *pbx.Leg { return &e.Leg }),
			field[pbx.DialBegin]{"dialstring", text(func(e *pbx.DialBegin) *string { return &e.DialString })}),
		parts:  func(e *pbx.DialBegin) (pbx.Event, *pbx.Common) { return e, &e.Common },
		finish: func(d *decoder, e *pbx.DialBegin) { d.need("uniqueid", e.UniqueID != "") },
	}),
	indexed(table[pbx.DialEnd]{
		names: "dialend",
		fields: append(legFields(func(e *pbx.DialEnd) *pbx.Leg { return &e.Leg }),
			field[pbx.DialEnd]{"dialstatus", code(func(e *pbx.DialEnd) *string { return &e.DialStatus })}),
		parts:  func(e *pbx.DialEnd) (pbx.Event, *pbx.Common) { return e, &e.Common },
		finish: func(d *decoder, e *pbx.DialEnd) { d.need("uniqueid", e.UniqueID != "") },
	}),
	indexed(table[pbx.Hangup]{
		names: "hangup",
		fields: []field[pbx.Hangup]{
			{"uniqueid", code(func(e *pbx.Hangup) *string { return &e.UniqueID })},
			{"linkedid", code(func(e *pbx.Hangup) *string { return &e.LinkedID })},
			{"channel", code(func(e *pbx.Hangup) *string { return &e.Channel })},
			{"calleridnum", code(func(e *pbx.Hangup) *string { return &e.CallerIDNum })},
			{"calleridname", text(func(e *pbx.Hangup) *string { return &e.CallerIDName })},
			{"connectedlinenum", code(func(e *pbx.Hangup) *string { return &e.ConnectedLineNum })},
			{"connectedlinename", text(func(e *pbx.Hangup) *string { return &e.ConnectedLineName })},
			{"cause", code(func(e *pbx.Hangup) *string { return &e.Cause })},
			{"Cause-txt", text(func(e *pbx.Hangup) *string { return &e.CauseText })},
		},
		parts:  func(e *pbx.Hangup) (pbx.Event, *pbx.Common) { return e, &e.Common },
		finish: func(d *decoder, e *pbx.Hangup) { d.need("uniqueid", e.UniqueID != "") },
	}),
	indexed(table[pbx.BridgeEnter]{
		names: "BridgeEnter",
		fields: []field[pbx.BridgeEnter]{
			{"Uniqueid", code(func(e *pbx.BridgeEnter) *string { return &e.UniqueID })},
			{"Linkedid", code(func(e *pbx.BridgeEnter) *string { return &e.LinkedID })},
			{"BridgeUniqueid", code(func(e *pbx.BridgeEnter) *string { return &e.BridgeUniqueID })},
			{"Channel", code(func(e *pbx.BridgeEnter) *string { return &e.Channel })},
			{"CallerIDNum", code(func(e *pbx.BridgeEnter) *string { return &e.CallerIDNum })},
		},
		parts:  func(e *pbx.BridgeEnter) (pbx.Event, *pbx.Common) { return e, &e.Common },
		finish: func(d *decoder, e *pbx.BridgeEnter) { d.need("Uniqueid", e.UniqueID != "") },
	}),
	indexed(table[pbx.AgentLogin]{
		names:  "AgentLogin",
		fields: signFields(func(e *pbx.AgentLogin) *pbx.Sign { return &e.Sign }),
		parts:  func(e *pbx.AgentLogin) (pbx.Event, *pbx.Common) { return e, &e.Common },
		finish: func(d *decoder, e *pbx.AgentLogin) { d.need("Agent", e.Agent != "") },
	}),
	indexed(table[pbx.AgentLogoff]{
		names:  "AgentLogoff",
		fields: signFields(func(e *pbx.AgentLogoff) *pbx.Sign { return &e.Sign }),
		parts:  func(e *pbx.AgentLogoff) (pbx.Event, *pbx.Common) { return e, &e.Common },
		finish: func(d *decoder, e *pbx.AgentLogoff) { d.need("Agent", e.Agent != "") },
	}),
}

// legFields are the members that both events about a leg have.
func legFields[E any](leg func(*E) *pbx.Leg) []field[E] {
	return []field[E]{
		{"timestamp", epoch(func(e *E) *time.Time { return &leg(e).Timestamp })},
		{"uniqueid", code(func(e *E) *string { return &leg(e).UniqueID })},
		{"linkedid", code(func(e *E) *string { return &leg(e).LinkedID })},
		{"destuniqueid", code(func(e *E) *string { return &leg(e).DestUniqueID })},
		{"channel", code(func(e *E) *string { return &leg(e).Channel })},
		{"channelstate", code(func(e *E) *string { return &leg(e).ChannelState })},
		{"calleridnum", code(func(e *E) *string { return &leg(e).CallerIDNum })},
		{"destchannel", code(func(e *E) *string { return &leg(e).DestChannel })},
		{"destchannelstate", code(func(e *E) *string { return &leg(e).DestChannelState })},
		{"destcalleridnum", code(func(e *E) *string { return &leg(e).DestCallerIDNum })},
		{"destexten", code(func(e *E) *string { return &leg(e).DestExten })},
	}
}

// signFields are the members that both events about an agent's session have.
func signFields[E any](sign func(*E) *pbx.Sign) []field[E] {
	return []field[E]{
		{"Agent", agent(func(e *E) (code, sent *string) { return &sign(e).Agent, &sign(e).AgentSent })},
		{"Channel", code(func(e *E) *string { return &sign(e).Channel })},
		{"Uniqueid", code(func(e *E) *string { return &sign(e).UniqueID })},
	}
}
