package fleet

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// member is a member of an event. A number may be written without quotes.
type member struct {
	name, text string
	number     bool
}

func text(name, text string) member { return member{name, text, false} }

func whole(name string, n pbx.Int) member { return member{name, n.String(), n.Known()} }

// local returns a wall clock as the vendor writes it, with a blank between day and time.
func local(name string, t pbx.LocalTime) member {
	return text(name, strings.Replace(t.String(), "T", " ", 1))
}

// epoch returns a time in seconds since 1970, with six decimals.
func epoch(name string, t time.Time) member {
	if t.IsZero() {
		return text(name, "")
	}
	micros := strconv.Itoa(1e6 + t.Nanosecond()/1000)[1:]
	return text(name, strconv.FormatInt(t.Unix(), 10)+"."+micros)
}

// mac returns a MAC as the vendor writes it, with colons.
func mac(m pbx.MAC) member {
	var b []byte
	for i := range len(m) {
		if i > 0 && i%2 == 0 {
			b = append(b, ':')
		}
		b = append(b, m[i])
	}
	return text("mac", string(b))
}

// membersOf returns an event under the names on the wire.
func membersOf(e pbx.Event) []member {
	switch e := e.(type) {
	case *pbx.CallRecord:
		return with(e.Common, callRecord(e))
	case *pbx.CDR:
		return with(e.Common, cdr(e))
	case *pbx.IVRStep:
		return with(e.Common, ivrStep(e))
	case *pbx.DialBegin:
		return with(e.Common, append(leg("dialbegein", e.Leg), text("dialstring", e.DialString)))
	case *pbx.DialEnd:
		return with(e.Common, append(leg("dialend", e.Leg), text("dialstatus", e.DialStatus)))
	case *pbx.Hangup:
		return with(e.Common, hangup(e))
	case *pbx.ExtensionStatus:
		return with(e.Common, extensionStatus(e))
	case *pbx.Unrecognised:
		return with(pbx.Common{Extra: e.Extra}, []member{text("event", e.Name)}) // the MAC is one of the others
	default:
		panic(fmt.Sprintf("write an event: no case for %T", e))
	}
}

// with adds the members that every kind of event may have.
func with(c pbx.Common, list []member) []member {
	for _, m := range c.Extra {
		list = append(list, text(m.Name, m.Value))
	}
	if c.MAC != "" {
		list = append(list, mac(c.MAC))
	}
	return list
}

func callRecord(e *pbx.CallRecord) []member {
	list := []member{
		text("event", "cc_cdr"), text("uuid", e.UUID), text("caller", e.Caller), text("called", e.Called),
		text("queueCode", e.Queue), text("agentCode", cmp.Or(e.AgentSent, e.Agent)), text("callType", e.CallType),
		text("cdrState", e.CDRState), text("hangupCause", e.HangupCause),
		local("startTime", e.Start), local("endTime", e.End), whole("duration", e.Duration),
		whole("queueTime", e.QueueTime), whole("feedbackTime", e.FeedbackTime), whole("ivrTime", e.IVRTime),
		whole("ringTime", e.RingTime), whole("holdTime", e.HoldTime), whole("pauseTime", e.PauseTime),
		whole("talkingTime", e.TalkingTime), text("voicemailState", e.VoicemailState),
		text("ivrId", e.IVRID), text("ivrName", e.IVRName), text("ivrDtmf", e.IVRKey),
		text("fwType", e.ForwardType), whole("score", e.Score), text("trunkNumber", e.TrunkNumber),
		text("forwardNumber", e.ForwardNumber), text("filePath", e.Recording), text("missCause", e.MissCause),
	}
	if e.HangupSide != "" {
		list = append(list, text("hangupSide", e.HangupSide))
	}
	return list
}

func cdr(e *pbx.CDR) []member {
	return []member{
		text("event", "cdr"), text("callerid", e.CallerID), text("source", e.Source),
		text("destination", e.Destination), local("starttime", e.Start), local("answertime", e.Answer),
		local("endtime", e.End), text("disposition", e.Disposition), whole("duration", e.Duration),
		whole("billableseconds", e.Billable), text("calltype", e.CallType), text("recordfile", e.Recording),
		text("uniqueid", e.UniqueID),
	}
}

func ivrStep(e *pbx.IVRStep) []member {
	return []member{
		text("event", "ivr"), text("uuid", e.UUID), text("caller", e.Caller), text("called", e.Called),
		text("callType", e.CallType), text("queueCode", e.Queue), local("startTime", e.Start),
		local("endTime", e.End), whole("duration", e.Duration), text("ivrId", e.IVRID),
		text("ivrName", e.IVRName), text("ivrDtmf", e.Key), text("trunkNumber", e.TrunkNumber),
	}
}

func leg(event string, l pbx.Leg) []member {
	return []member{
		text("event", event), epoch("timestamp", l.Timestamp), text("channel", l.Channel),
		text("channelstate", l.ChannelState), text("calleridnum", l.CallerIDNum),
		text("destchannel", l.DestChannel), text("destchannelstate", l.DestChannelState),
		text("destcalleridnum", l.DestCallerIDNum), text("destexten", l.DestExten),
		text("destuniqueid", l.DestUniqueID), text("uniqueid", l.UniqueID),
	}
}

func hangup(e *pbx.Hangup) []member {
	return []member{
		text("event", "hangup"), text("calleridnum", e.CallerIDNum), text("calleridname", e.CallerIDName),
		text("connectedlinenum", e.ConnectedLineNum), text("connectedlinename", e.ConnectedLineName),
		text("uniqueid", e.UniqueID),
	}
}

func extensionStatus(e *pbx.ExtensionStatus) []member {
	list := []member{text("event", "extensionstatus"), text("exten", e.Exten), text("statustext", e.StatusText)}
	if e.Status.Known() {
		list = append(list, whole("status", e.Status))
	}
	return list
}
