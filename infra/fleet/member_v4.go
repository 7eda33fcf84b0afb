package fleet

import (
	"cmp"
	"fmt"
	"strings"

	"trunkline/pkg/pbx"
)

// none is what v4 writes for a value that is missing.
const none = "<unknown>"

// v4MembersOf returns an event under the names of software v4. A finished leg has no times: its id
// has its start.
func v4MembersOf(e pbx.Event) []member {
	switch e := e.(type) {
	case *pbx.CallRecord:
		return with(e.Common, otherCase(callRecord(e)))
	case *pbx.IVRStep:
		return with(e.Common, otherCase(ivrStep(e)))
	case *pbx.CDR:
		return with(e.Common, orNone(v4CDR(e)))
	case *pbx.DialBegin:
		return with(e.Common, orNone(append(v4Leg("DialBegin", e.Leg), text("DialString", e.DialString))))
	case *pbx.DialEnd:
		return with(e.Common, orNone(append(v4Leg("DialEnd", e.Leg), text("DialStatus", e.DialStatus))))
	case *pbx.Hangup:
		return with(e.Common, orNone(v4Hangup(e)))
	case *pbx.BridgeEnter:
		return with(e.Common, orNone(v4BridgeEnter(e)))
	case *pbx.AgentLogin:
		return with(e.Common, v4Sign("AgentLogin", e.Sign))
	case *pbx.AgentLogoff:
		return with(e.Common, v4Sign("AgentLogoff", e.Sign))
	case *pbx.Unrecognised:
		return with(pbx.Common{Extra: e.Extra}, []member{text("Event", e.Name)})
	default:
		panic(fmt.Sprintf("write an event of software v4: no case for %T", e))
	}
}

// orNone returns none for an unknown value.
func orNone(list []member) []member {
	for i := range list {
		if list[i].text == "" {
			list[i].text = none
		}
	}
	return list
}

// otherCase begins names with a capital, and writes the event's own name and uuid in capitals.
func otherCase(list []member) []member {
	for i, m := range list {
		switch list[i].name = strings.ToUpper(m.name[:1]) + m.name[1:]; m.name {
		case "event":
			list[i].text = strings.ToUpper(m.text)
		case "uuid":
			list[i].name = "UUID"
		}
	}
	return list
}

func v4CDR(e *pbx.CDR) []member {
	return []member{
		text("Event", "Cdr"), text("UniqueID", e.UniqueID), text("Linkedid", e.LinkedID),
		text("Source", e.CallerID), text("Destination", e.Destination), text("Disposition", e.Disposition),
		whole("Duration", e.Duration), whole("BillableSeconds", e.Billable), text("CallType", e.CallType),
		text("recording_filename", e.Recording),
	}
}

func v4Leg(event string, l pbx.Leg) []member {
	return []member{
		text("Event", event), text("Uniqueid", l.UniqueID), text("Linkedid", l.LinkedID), text("Channel", l.Channel),
		text("CallerIDNum", l.CallerIDNum), text("DestChannel", l.DestChannel), text("DestUniqueid", l.DestUniqueID),
		text("DestCallerIDNum", l.DestCallerIDNum), text("DestExten", l.DestExten),
	}
}

func v4Hangup(e *pbx.Hangup) []member {
	return []member{
		text("Event", "Hangup"), text("Uniqueid", e.UniqueID), text("Linkedid", e.LinkedID), text("Channel", e.Channel),
		text("CallerIDNum", e.CallerIDNum), text("CallerIDName", e.CallerIDName),
		text("ConnectedLineNum", e.ConnectedLineNum), text("ConnectedLineName", e.ConnectedLineName),
		text("Cause", e.Cause), text("Cause-txt", e.CauseText),
	}
}

func v4BridgeEnter(e *pbx.BridgeEnter) []member {
	return []member{
		text("Event", "BridgeEnter"), text("BridgeUniqueid", e.BridgeUniqueID), text("Channel", e.Channel),
		text("CallerIDNum", e.CallerIDNum), text("Uniqueid", e.UniqueID), text("Linkedid", e.LinkedID),
	}
}

// v4Sign leaves out unknown values.
func v4Sign(event string, s pbx.Sign) []member {
	list := []member{text("Event", event), text("Agent", cmp.Or(s.AgentSent, s.Agent))}
	if s.Channel != "" {
		list = append(list, text("Channel", s.Channel))
	}
	if s.UniqueID != "" {
		list = append(list, text("Uniqueid", s.UniqueID))
	}
	return list
}
