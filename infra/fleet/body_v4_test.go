package fleet

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
)

func TestBodiesOfV4AreAsTheFieldSawThem(t *testing.T) {
	p := v4Fleet(t).All()[0]
	began := time.Unix(1780515827, 0)
	c := &call{PBX: &p, dice: p.dice(1), began: began, uuid: "1780515827.110", caller: "0780123456", callType: "incoming", clock: began.Unix() + 27}
	c.leg("104", began.Unix(), 0)
	leg := pbx.Leg{UniqueID: "1780515827.110", LinkedID: "1780515827.110", Channel: "SIP/trunk-1", CallerIDNum: "0780123456",
		DestChannel: "SIP/104-2", DestUniqueID: "1780515830.111", DestCallerIDNum: "104"}
	for _, test := range []struct {
		e    pbx.Event
		d    Dialect
		want string
	}{
		{c.events[0].Event, V4, `{"Event":"Cdr","UniqueID":"1780515827.110","Linkedid":"1780515827.110",` +
			`"Source":"\"0780123456\" <0780123456>","Destination":"104","Disposition":"NO ANSWER","Duration":"27","BillableSeconds":"0",` +
			`"CallType":"incoming","recording_filename":"<unknown>","CallSrcNum":"0780123456","CallDestNum":"104"}`},
		{&pbx.DialBegin{Leg: leg, DialString: "SIP/104", Common: c.ofDial(leg)}, V4,
			`{"Event":"DialBegin","Uniqueid":"1780515827.110","Linkedid":"1780515827.110","Channel":"SIP/trunk-1",` +
				`"CallerIDNum":"0780123456","DestChannel":"SIP/104-2","DestUniqueid":"1780515830.111","DestCallerIDNum":"104",` +
				`"DestExten":"<unknown>","DialString":"SIP/104","CallerIDName":"<unknown>","ConnectedLineNum":"104","Exten":"s",` +
				`"DestLinkedid":"1780515827.110","DestConnectedLineNum":"0780123456"}`},
		{&pbx.DialEnd{Leg: pbx.Leg{UniqueID: "1.1", LinkedID: "1.1"}, DialStatus: "ANSWER"}, V4Form,
			"Event=DialEnd&Uniqueid=1.1&Linkedid=1.1&Channel=%3Cunknown%3E&CallerIDNum=%3Cunknown%3E&DestChannel=%3Cunknown%3E" +
				"&DestUniqueid=%3Cunknown%3E&DestCallerIDNum=%3Cunknown%3E&DestExten=%3Cunknown%3E&DialStatus=ANSWER"},
		{&pbx.Hangup{UniqueID: "1.2", LinkedID: "1.1", CallerIDNum: "104", Cause: "16", CauseText: "Normal Clearing"}, V4Lines,
			"Event: Hangup\r\nUniqueid: 1.2\r\nLinkedid: 1.1\r\nChannel: <unknown>\r\nCallerIDNum: 104\r\nCallerIDName: <unknown>\r\n" +
				"ConnectedLineNum: <unknown>\r\nConnectedLineName: <unknown>\r\nCause: 16\r\nCause-txt: Normal Clearing\r\n\r\n"},
		{&pbx.BridgeEnter{UniqueID: "1.1", LinkedID: "1.1", BridgeUniqueID: "5f1f", Channel: "SIP/104-2", CallerIDNum: "104"}, V4,
			`{"Event":"BridgeEnter","BridgeUniqueid":"5f1f","Channel":"SIP/104-2","CallerIDNum":"104","Uniqueid":"1.1","Linkedid":"1.1"}`},
		{&pbx.AgentLogin{Sign: pbx.Sign{Agent: "101"}}, V4, `{"Event":"AgentLogin","Agent":"101"}`},
		{&pbx.AgentLogoff{Sign: pbx.Sign{Agent: "101", AgentSent: "SIP/101", Channel: "SIP/101-1", UniqueID: "1.3"}}, V4Lines,
			"Event: AgentLogoff\r\nAgent: SIP/101\r\nChannel: SIP/101-1\r\nUniqueid: 1.3\r\n\r\n"},
		{manager("Newstate", "SIP/104-2", "5", "Ringing", "104", "1.2", "1.1"), V4,
			`{"Event":"Newstate","Channel":"SIP/104-2","ChannelState":"5","ChannelStateDesc":"Ringing","CallerIDNum":"104",` +
				`"CallerIDName":"<unknown>","Uniqueid":"1.2","Linkedid":"1.1"}`},
		{&pbx.IVRStep{UUID: "1.1", IVRID: "610", Start: pbx.LocalTimeOf(began.UTC())}, V4,
			`{"Event":"IVR","UUID":"1.1","Caller":"","Called":"","CallType":"","QueueCode":"","StartTime":"2026-06-03 19:43:47",` +
				`"EndTime":"","Duration":"","IvrId":"610","IvrName":"","IvrDtmf":"","TrunkNumber":""}`},
	} {
		if got := string(Body(test.e, test.d)); got != test.want {
			t.Errorf("%T is written as %s\nnot as %s", test.e, got, test.want)
		}
	}
	body := string(Body(&pbx.CallRecord{UUID: "1.1", Queue: "630", Agent: "101", AgentSent: "SIP/101"}, V4))
	for _, want := range []string{`{"Event":"CC_CDR","UUID":"1.1",`, `"QueueCode":"630","AgentCode":"SIP/101",`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

// v4Fleet is a fleet in which every PBX has software v4, in all of its dialects.
func v4Fleet(t *testing.T) Config {
	return Config{Seed: 9, PBXs: 3, First: day(t, "2026-06-01"), Days: 7, CallsPerDay: 200, V4: 1,
		Zones:      []string{"Europe/Berlin", "America/New_York", "Asia/Kathmandu"},
		Duplicates: 0.05, Late: 0.03, Restated: 0.02}
}

func TestBodiesOfV4DecodeToTheirEvents(t *testing.T) {
	kinds := map[pbx.Kind]int{}
	for _, p := range v4Fleet(t).All() {
		for e := range p.Events() {
			kinds[e.Event.Kind()]++
			for _, d := range V4Dialects() {
				body := Body(e.Event, d)
				if got := decode(t, body); !reflect.DeepEqual(got, e.Event) {
					t.Fatalf("dialect %d: %s\ndecodes to %+v\nnot to     %+v", d, body, got, e.Event)
				}
			}
		}
	}
	for _, kind := range pbx.Kinds() {
		if (kinds[kind] == 0) != (kind == pbx.KindExtensionStatus) {
			t.Errorf("%d events of the kind %s", kinds[kind], kind)
		}
	}
}

func TestBodiesOfV4KeepAnyText(t *testing.T) {
	nasty := "it's \"5\" \\ // 100% + /* 队列 */ & a=b: c\n\t}"
	extra := pbx.Common{Extra: []pbx.Member{{Name: "sip Trunk's", Value: nasty}}}
	at := time.Unix(1534993059, 0).UTC()
	for _, e := range []pbx.Event{
		&pbx.CallRecord{UUID: nasty, Start: pbx.LocalTimeOf(at), IVRName: nasty, Common: extra},
		&pbx.CDR{UniqueID: "1534993059.1", LinkedID: nasty, Start: pbx.LocalTimeOf(at), StartFromID: true, InUTC: true,
			Recording: nasty, Common: extra},
		&pbx.DialEnd{Leg: pbx.Leg{UniqueID: nasty, DestChannel: nasty}, DialStatus: nasty, Common: extra},
		&pbx.Hangup{UniqueID: nasty, CallerIDName: nasty, CauseText: nasty, Common: extra},
		&pbx.BridgeEnter{UniqueID: nasty, Common: extra},
		&pbx.AgentLogin{Sign: pbx.Sign{Agent: nasty, UniqueID: nasty}, Common: extra},
		&pbx.Unrecognised{Name: nasty, Common: extra},
	} {
		for _, d := range []Dialect{V4, V4Form} {
			if got := decode(t, Body(e, d)); !reflect.DeepEqual(got, e) {
				t.Errorf("dialect %d: %s\ndecodes to %+v\nnot to     %+v", d, Body(e, d), got, e)
			}
		}
	}
}

// Events that waited for the end of an outage come in arrays, if the dialect has arrays. A sign may
// come again within minutes, and then counts as another one.
func TestDeliveriesOfV4SayTheirEvents(t *testing.T) {
	c := v4Fleet(t)
	c.Outages, c.Arrays, c.Duplicates = 0.5, 1, 0.2
	for _, p := range c.All() {
		arrays, signs := 0, 0
		for d := range p.Deliveries() {
			body, err := zycoo.Decode(d.Body)
			if err != nil || len(body.Elements) != len(d.Events) {
				t.Fatalf("%d elements, %d events, %v: %s", len(body.Elements), len(d.Events), err, d.Body)
			}
			for i, e := range body.Elements {
				if e.Err != nil || !reflect.DeepEqual(e.Event, d.Events[i]) {
					t.Fatalf("%v: %+v, not %+v", e.Err, e.Event, d.Events[i])
				}
				if isSign(e.Event) {
					signs++
				}
			}
			if body.Array {
				arrays++
			}
		}
		told := 0
		for _, all := range signsOf(p) {
			told += len(all)
		}
		if (arrays > 0) != (p.Dialect == V4) || float64(signs) < float64(told)*1.1 || float64(signs) > float64(told)*1.3 {
			t.Errorf("%s: %d arrays, %d signs of %d", p.MAC, arrays, signs, told)
		}
	}
}
