package zycoo

import "trunkline/pkg/pbx"

// event makes an event of the members, by the name that the member event gives.
func (d *decoder) event() pbx.Event {
	name := ""
	for m := range d.members {
		if m.name == "event" {
			name = d.text(m)
		}
	}
	switch name {
	case "cc_cdr":
		return d.callRecord()
	case "cdr":
		return d.cdr()
	case "ivr":
		return d.ivrStep()
	case "extensionstatus":
		return d.extensionStatus()
	case "dialbegein", "dialbegin":
		return d.dialBegin()
	case "dialend":
		return d.dialEnd()
	case "hangup":
		return d.hangup()
	case "":
		d.refuse(d.start, "event", "is missing or empty, and nothing else tells what kind of event this is")
		return nil
	default:
		return d.unrecognised(name)
	}
}

func (d *decoder) callRecord() pbx.Event {
	e := new(pbx.CallRecord)
	for m := range d.members {
		switch m.name {
		case "uuid":
			e.UUID = d.text(m)
		case "queueCode":
			e.Queue = d.text(m)
		case "agentCode":
			e.Agent = d.text(m)
		case "startTime":
			e.Start = d.localTime(m)
		case "endTime":
			e.End = d.localTime(m)
		case "caller":
			e.Caller = d.text(m)
		case "called":
			e.Called = d.text(m)
		case "callType":
			e.CallType = d.text(m)
		case "cdrState":
			e.CDRState = d.text(m)
		case "hangupCause":
			e.HangupCause = d.text(m)
		case "hangupSide":
			e.HangupSide = d.text(m)
		case "duration":
			e.Duration = d.seconds(m)
		case "queueTime":
			e.QueueTime = d.seconds(m)
		case "feedbackTime":
			e.FeedbackTime = d.seconds(m)
		case "ivrTime":
			e.IVRTime = d.seconds(m)
		case "ringTime":
			e.RingTime = d.seconds(m)
		case "holdTime":
			e.HoldTime = d.seconds(m)
		case "pauseTime":
			e.PauseTime = d.seconds(m)
		case "talkingTime":
			e.TalkingTime = d.seconds(m)
		case "voicemailState":
			e.VoicemailState = d.text(m)
		case "ivrId":
			e.IVRID = d.text(m)
		case "ivrName":
			e.IVRName = d.text(m)
		case "ivrDtmf":
			e.IVRKey = d.text(m)
		case "fwType":
			e.ForwardType = d.text(m)
		case "forwardNumber":
			e.ForwardNumber = d.text(m)
		case "score":
			e.Score = d.seconds(m)
		case "trunkNumber":
			e.TrunkNumber = d.text(m)
		case "filePath":
			e.Recording = d.text(m)
		case "missCause":
			e.MissCause = d.text(m)
		default:
			d.common(&e.Common, m)
		}
	}
	d.need("uuid", e.UUID != "")
	d.need("startTime", e.Start != 0)
	return e
}

func (d *decoder) cdr() pbx.Event {
	e := new(pbx.CDR)
	for m := range d.members {
		switch m.name {
		case "uniqueid":
			e.UniqueID = d.text(m)
		case "starttime":
			e.Start = d.localTime(m)
		case "answertime":
			e.Answer = d.localTime(m)
		case "endtime":
			e.End = d.localTime(m)
		case "callerid":
			e.CallerID = d.text(m)
		case "source":
			e.Source = d.text(m)
		case "destination":
			e.Destination = d.text(m)
		case "disposition":
			e.Disposition = d.text(m)
		case "duration":
			e.Duration = d.seconds(m)
		case "billableseconds":
			e.Billable = d.seconds(m)
		case "calltype":
			e.CallType = d.text(m)
		case "recordfile":
			e.Recording = d.text(m)
		default:
			d.common(&e.Common, m)
		}
	}
	d.need("uniqueid", e.UniqueID != "")
	d.need("starttime", e.Start != 0)
	return e
}

func (d *decoder) ivrStep() pbx.Event {
	e := new(pbx.IVRStep)
	for m := range d.members {
		switch m.name {
		case "uuid":
			e.UUID = d.text(m)
		case "ivrId":
			e.IVRID = d.text(m)
		case "ivrName":
			e.IVRName = d.text(m)
		case "ivrDtmf":
			e.Key = d.text(m)
		case "startTime":
			e.Start = d.localTime(m)
		case "endTime":
			e.End = d.localTime(m)
		case "duration":
			e.Duration = d.seconds(m)
		case "caller":
			e.Caller = d.text(m)
		case "called":
			e.Called = d.text(m)
		case "callType":
			e.CallType = d.text(m)
		case "queueCode":
			e.Queue = d.text(m)
		case "trunkNumber":
			e.TrunkNumber = d.text(m)
		default:
			d.common(&e.Common, m)
		}
	}
	d.need("uuid", e.UUID != "")
	d.need("ivrId", e.IVRID != "")
	d.need("startTime", e.Start != 0)
	return e
}

func (d *decoder) extensionStatus() pbx.Event {
	e := new(pbx.ExtensionStatus)
	for m := range d.members {
		switch m.name {
		case "exten":
			e.Exten = d.text(m)
		case "statustext":
			e.StatusText = d.text(m)
		case "status":
			e.Status = d.code(m)
		default:
			d.common(&e.Common, m)
		}
	}
	d.need("exten", e.Exten != "")
	return e
}

func (d *decoder) dialBegin() pbx.Event {
	e := new(pbx.DialBegin)
	for m := range d.members {
		switch m.name {
		case "dialstring":
			e.DialString = d.text(m)
		default:
			d.leg(&e.Leg, &e.Common, m)
		}
	}
	d.need("uniqueid", e.UniqueID != "")
	d.need("destuniqueid", e.DestUniqueID != "")
	return e
}

func (d *decoder) dialEnd() pbx.Event {
	e := new(pbx.DialEnd)
	for m := range d.members {
		switch m.name {
		case "dialstatus":
			e.DialStatus = d.text(m)
		default:
			d.leg(&e.Leg, &e.Common, m)
		}
	}
	d.need("uniqueid", e.UniqueID != "")
	d.need("destchannel", e.DestChannel != "")
	return e
}

// leg reads the members that both events about a leg have.
func (d *decoder) leg(l *pbx.Leg, c *pbx.Common, m *member) {
	switch m.name {
	case "timestamp":
		l.Timestamp = d.epoch(m)
	case "uniqueid":
		l.UniqueID = d.text(m)
	case "destuniqueid":
		l.DestUniqueID = d.text(m)
	case "channel":
		l.Channel = d.text(m)
	case "channelstate":
		l.ChannelState = d.text(m)
	case "calleridnum":
		l.CallerIDNum = d.text(m)
	case "destchannel":
		l.DestChannel = d.text(m)
	case "destchannelstate":
		l.DestChannelState = d.text(m)
	case "destcalleridnum":
		l.DestCallerIDNum = d.text(m)
	case "destexten":
		l.DestExten = d.text(m)
	default:
		d.common(c, m)
	}
}

func (d *decoder) hangup() pbx.Event {
	e := new(pbx.Hangup)
	for m := range d.members {
		switch m.name {
		case "uniqueid":
			e.UniqueID = d.text(m)
		case "calleridnum":
			e.CallerIDNum = d.text(m)
		case "calleridname":
			e.CallerIDName = d.text(m)
		case "connectedlinenum":
			e.ConnectedLineNum = d.text(m)
		case "connectedlinename":
			e.ConnectedLineName = d.text(m)
		default:
			d.common(&e.Common, m)
		}
	}
	d.need("uniqueid", e.UniqueID != "")
	return e
}

// unrecognised keeps every member as it is. A MAC that can't be read is no reason
// to refuse an event of which nothing is known.
func (d *decoder) unrecognised(name string) pbx.Event {
	e := &pbx.Unrecognised{Name: name}
	for m := range d.members {
		switch m.name {
		case "event":
			continue
		case "mac":
			e.MAC, _ = pbx.ParseMAC(m.value.text)
		}
		e.Extra = append(e.Extra, pbx.Member{Name: m.name, Value: m.value.text})
	}
	return e
}
