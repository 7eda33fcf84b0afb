package zycoo

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"trunkline/pkg/pbx"
)

// callWith is a call record with some members more.
func callWith(t *testing.T, members string) *pbx.CallRecord {
	t.Helper()
	e := decodeOne(t, "{event:'cc_cdr', uuid:'1541415929.807', startTime:'2018-11-05 19:05:31', "+members+"}")
	if e.Err != nil {
		t.Fatalf("%s: %v", members, e.Err)
	}
	return e.Event.(*pbx.CallRecord)
}

func TestAMemberThatCantBeReadIsUnknownAndTheCallIsRecorded(t *testing.T) {
	for _, c := range []struct{ name, value, text string }{
		{"score", "'*'", "*"}, {"score", "'#'", "#"}, {"score", "'N/A'", "N/A"}, {"score", "1001", "1001"},
		{"queueTime", "'soon'", "soon"}, {"queueTime", "-1", "-1"}, {"holdTime", "'-28800'", "-28800"},
		{"queueTime", "'4294967295'", "4294967295"}, {"queueTime", "'1541415929'", "1541415929"}, {"queueTime", "604801", "604801"},
		{"queueTime", "true", "true"}, {"queueTime", "'1e3'", "1e3"}, {"queueTime", "99999999999999999999", "99999999999999999999"},
		{"talkingTime", "'00:01:10'", "00:01:10"}, {"caller", "['1']", `["1"]`}, {"endTime", "'yesterday'", "yesterday"},
		{"endTime", "'2018-02-30 00:00:00'", "2018-02-30 00:00:00"}, {"endTime", "'1969-12-31 23:59:59'", "1969-12-31 23:59:59"},
		{"endTime", "'2100-01-01 00:00:00'", "2100-01-01 00:00:00"}, {"endTime", "'2018-11-05T11:05:39Z'", "2018-11-05T11:05:39Z"},
		{"mac", "'68:69'", "68:69"},
	} {
		got := callWith(t, fmt.Sprintf("%s: %s, called:'100'", c.name, c.value))
		want := &pbx.CallRecord{UUID: "1541415929.807", Called: "100", Start: got.Start, Common: pbx.Common{Unreadable: []pbx.Member{{Name: c.name, Value: c.text}}}}
		if !reflect.DeepEqual(got, want) || got.Start == 0 {
			t.Errorf("%s %s: %+v", c.name, c.value, got)
		}
	}
}

func TestWhatAMemberMayBeIsNoMistake(t *testing.T) {
	for _, members := range []string{
		"score:''", "score:1000", "score:'5.0'", "queueTime:604800", "queueTime:'null'", "queueTime:'(null)'", "endTime:'0000-00-00 00:00:00'",
		"endTime:'0'", "endTime:''", "endTime:null", "mac:''", "caller:true", "caller:+8613800000000",
	} {
		if got := callWith(t, members); got.Unreadable != nil || got.End != 0 {
			t.Errorf("%s: %+v", members, got)
		}
	}
}

func TestWhatSaysNothingIsEmpty(t *testing.T) {
	for _, value := range []string{"(null)", "NULL", "none", "<unknown>", " ", "0", "00"} {
		got := callWith(t, fmt.Sprintf("forwardNumber:%[1]q, fwType:%[1]q, queueCode:%[1]q, agentCode:%[1]q", value))
		if got.ForwardNumber != "" || got.ForwardType != "" || got.Queue != "" || got.Agent != "" || got.Forwarded() {
			t.Errorf("%q: %+v", value, got)
		}
	}
	for _, value := range []string{"0", "00", "no", "false", "(null)", ""} {
		if callWith(t, fmt.Sprintf("voicemailState:%q", value)).LeftMessage() {
			t.Errorf("%q is a message", value)
		}
	}
}

func TestBlanksAndCaseDoNotCountInCodes(t *testing.T) {
	got := callWith(t, "queueCode:'630 ', agentCode:' 301', callType:'incoming ', cdrState:'Bridged ', missCause:' member_cancel', hangupSide:'Agent', caller:' 85322361 '")
	want := callWith(t, "queueCode:'630', agentCode:'301', callType:'incoming', cdrState:'bridged', missCause:'MEMBER_CANCEL', hangupSide:'agent', caller:'85322361'")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for _, kind := range []string{"CC_CDR", "Cc_Cdr", " cc_cdr "} {
		if e := decodeOne(t, "{event:'"+kind+"', uuid:'1', startTime:'2018-11-05 19:05:31'}"); e.Err != nil || e.Event.Kind() != pbx.KindCallRecord {
			t.Errorf("%s: %+v, %v", kind, e.Event, e.Err)
		}
	}
}

func TestAnAgentIsOneInEachWayOfWritingAndWhatWasSentIsKept(t *testing.T) {
	for _, sent := range []string{"SIP/301", "Local/301@from-queue/n", "PJSIP/301-0000001f"} {
		if got := callWith(t, "agentCode:'"+sent+"'"); got.Agent != "301" || got.AgentSent != sent {
			t.Errorf("%s: %+v", sent, got)
		}
	}
	if got := callWith(t, "agentCode:301"); got.Agent != "301" || got.AgentSent != "" {
		t.Errorf("%+v", got)
	}
}

func TestTimesAreReadInEachUsualForm(t *testing.T) {
	for sent, want := range map[string]string{
		"2026-11-10 12:40:00":       "2026-11-10T12:40:00",
		"2026-11-10T12:40:00":       "2026-11-10T12:40:00",
		"2026/11/10 12:40:00":       "2026-11-10T12:40:00",
		" 2026-11-10 12:40:00.123 ": "2026-11-10T12:40:00",
		"2026-11-10T12:40:00Z":      "2026-11-10T12:40:00 UTC",
		"2026-11-10T12:40:00.5z":    "2026-11-10T12:40:00 UTC",
		"2026-11-10T12:40:00+08:00": "2026-11-10T04:40:00 UTC",
		"2026-11-10 12:40:00 +0800": "2026-11-10T04:40:00 UTC",
		"2026-11-10T12:40:00-05":    "2026-11-10T17:40:00 UTC",
		"1970-01-01 08:00:01":       "1970-01-01T08:00:01",
		"1969-12-31 23:59:59":       "",
		"2100-01-01 00:00:00":       "",
		"2026-11-10":                "",
		"2026-11-10 12:40":          "",
		"2026-11-10T12:40:00+8":     "",
		"2026-11-10T12:40:00+15:00": "",
		"10.11.2026 12:40:00":       "",
	} {
		got := ""
		if e := decodeOne(t, "{event:'cc_cdr', uuid:'1', startTime:'"+sent+"'}"); e.Err == nil {
			record := e.Event.(*pbx.CallRecord)
			if got = record.Start.String(); record.InUTC {
				got += " UTC"
			}
		}
		if got != want {
			t.Errorf("%q is %q, want %q", sent, got, want)
		}
	}
}

func TestAPlainRecordWithoutAStartTakesItFromItsID(t *testing.T) {
	e := decodeOne(t, `{"Event":"Cdr","UniqueID":"1780515827.110","Duration":"27"}`)
	if got, ok := e.Event.(*pbx.CDR); !ok || got.Start.String() != "2026-06-03T19:43:47" || !got.StartFromID || !got.InUTC {
		t.Errorf("%+v, %v", e.Event, e.Err)
	}
	for _, body := range []string{`{"Event":"Cdr","UniqueID":"call-7"}`, `{"Event":"Cdr","UniqueID":"4102444800.1"}`} {
		if e := decodeOne(t, body); e.Err == nil {
			t.Errorf("%s: %+v", body, e.Event)
		}
	}
}

func TestASourceThatIsANameAndANumberIsTakenApart(t *testing.T) {
	for source, want := range map[string][2]string{
		`"Reception" <801>`:       {"801", `"Reception" <801>`},
		`"07801" <07801>`:         {"07801", `"07801" <07801>`},
		`"Reception" <<unknown>>`: {"", `"Reception" <<unknown>>`},
		`801`:                     {"801", ""},
		`a<b`:                     {"a<b", ""},
		`"A<B" <801>`:             {"801", `"A<B" <801>`},
		`"" <unknown>`:            {"", `"" <unknown>`},
	} {
		quoted, _ := json.Marshal(source)
		e := decodeOne(t, `{"event":"cdr","uniqueid":"1.1","starttime":"2018-11-05 19:05:31","source":`+string(quoted)+`}`)
		if got := e.Event.(*pbx.CDR); got.Source != want[0] || got.CallerID != want[1] {
			t.Errorf("%s: %q, %q", source, got.Source, got.CallerID)
		}
	}
}

func TestDialEventsNeedNoNameOfTheOtherChannel(t *testing.T) {
	for _, kind := range []string{"dialbegein", "dialbegin", "DialEnd"} {
		if e := decodeOne(t, "{event:'"+kind+"', uniqueid:'1.1', destuniqueid:'', destchannel:'<unknown>'}"); e.Err != nil {
			t.Errorf("%s: %v", kind, e.Err)
		}
	}
}

// TestEachCarrierHasTheSameEvent sends one hangup in each way in which bodies come.
func TestEachCarrierHasTheSameEvent(t *testing.T) {
	const literal = `{"event":"hangup","uniqueid":"12.5","calleridname":"50% off & +1"}`
	want := decodeOne(t, literal).Event
	part := func(name, value string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	for name, body := range map[string]string{
		"a NUL behind it":                  literal + "\x00",
		"line ends and NULs behind it":     literal + "\r\n\x00\x00\n",
		"the literal as data":              "data=" + literal,
		"the literal as payload, escaped":  "payload=%7B%22event%22%3A%22hangup%22%2C%22uniqueid%22%3A%2212.5%22%2C%22calleridname%22%3A%2250%25%20off%20%26%20%2B1%22%7D",
		"a form with a literal percent":    "event=hangup&uniqueid=12.5&calleridname=50% off %26 %2B1",
		"multipart, a part a member":       part("event", "hangup") + part("uniqueid", "12.5") + part("calleridname", "50% off & +1") + "--b--\r\n",
		"multipart, the literal":           part("data", literal) + "--b--\r\n",
		"multipart, a file":                "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"e.json\"\r\nContent-Type: application/json\r\n\r\n" + literal + "\r\n--b--\r\n",
		"multipart without its last line":  part("event", "hangup") + part("uniqueid", "12.5") + part("calleridname", "50% off & +1") + "--b--",
		"lines":                            "Event: hangup\r\nUniqueid: 12.5\r\nCallerIDName: 50% off & +1\r\n\r\n",
		"a form, parted by line ends":      "event=hangup\r\nuniqueid=12.5\r\ncalleridname=50%25 off %26 %2B1\r\n",
		"a form, parted by semicolons":     "event=hangup;uniqueid=12.5;calleridname=50%25 off %26 %2B1",
		"a form of a literal and a token":  "token=x&data=%7B%22event%22%3A%22hangup%22%2C%22uniqueid%22%3A%2212.5%22%2C%22calleridname%22%3A%2250%25%20off%20%26%20%2B1%22%7D",
		"multipart, a literal and a token": part("token", "x") + part("data", literal) + "--b--",
		"a byte-order mark and lines":      "\ufeffEvent: hangup\nUniqueid: 12.5\nCallerIDName: 50% off & +1",
		"a NUL and a blank behind it":      literal + "\x00 \x1a",
		"lines without blanks or last end": "Event:hangup\nUniqueid:12.5\nCallerIDName:50% off & +1",
	} {
		t.Run(name, func(t *testing.T) {
			b, err := Decode([]byte(body))
			if err != nil || len(b.Elements) != 1 || b.Array || !reflect.DeepEqual(b.Elements[0].Event, want) {
				t.Errorf("%+v, %v", b, err)
			}
		})
	}
}

func TestADamagedMemberDamagesNoOtherInAnyCarrier(t *testing.T) {
	const literal = `{"event":"hangup","uniqueid":"1","calleridname":"工作时间","connectedlinename":"` + "工作\xe6\x97" + `"}`
	for name, body := range map[string]string{
		"the body itself": literal,
		"a form":          "event=hangup&uniqueid=1&calleridname=工作时间&connectedlinename=%E5%B7%A5%E4%BD%9C%E6%97",
		"a form of one":   "data=" + literal,
		"multipart":       "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n" + literal + "\r\n--b--",
		"lines":           "Event: hangup\nuniqueid: 1\ncalleridname: 工作时间\nconnectedlinename: 工作\xe6\x97\n",
	} {
		e := decodeOne(t, body)
		if e.Err != nil {
			t.Fatalf("%s: %v", name, e.Err)
		}
		got := e.Event.(*pbx.Hangup)
		if got.CallerIDName != "工作时间" || got.ConnectedLineName != "工作\ufffd" || len(got.Unreadable) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestEscapesOfJavaScriptInAFormAreKept(t *testing.T) {
	e := decodeOne(t, "event=ivr&uuid=1&ivrId=6&startTime=2018-11-05 19:05:31&ivrName=%u5DE5 50%")
	if got, ok := e.Event.(*pbx.IVRStep); !ok || got.IVRName != "%u5DE5 50%" {
		t.Errorf("%+v, %v", e.Event, e.Err)
	}
}

func TestLinesMayHaveSeveralEvents(t *testing.T) {
	b, err := Decode([]byte("Event: Hangup\r\nUniqueid: 1\r\n\r\n\r\nEvent: Hangup\r\nCause: 16\r\n\r\nEvent: Newstate\r\nUniqueid: 2\r\n"))
	if err != nil || !b.Array || len(b.Elements) != 3 {
		t.Fatalf("%+v, %v", b, err)
	}
	if b.Elements[0].Event.Kind() != pbx.KindHangup || b.Elements[1].Err == nil || b.Elements[1].Err.Line != 5 || b.Elements[2].Event.Kind() != pbx.KindUnrecognised {
		t.Errorf("%+v", b.Elements)
	}
	b, err = Decode([]byte("Event: Hangup\nUniqueid: 1\nEvent: Hangup\nUniqueid: 2\n"))
	if err != nil || len(b.Elements) != 2 || b.Elements[1].Event.(*pbx.Hangup).UniqueID != "2" || b.Elements[0].Text != "Event: Hangup\nUniqueid: 1" {
		t.Errorf("without an empty line between: %+v, %v", b, err)
	}
	if _, err := Decode([]byte(strings.Repeat("Event: Hangup\nUniqueid: 1\n\n", MaxEvents+1))); err != ErrTooLarge {
		t.Error(err)
	}
}

func TestWhatIsNoCarrierIsRefusedAtItsPlace(t *testing.T) {
	for body, want := range map[string]string{
		"hello: world":                   "the body is neither",
		"event: 'hangup', uniqueid: '1'": "the body is neither",
		"--b\r\nevent=hangup":            `member "uniqueid"`,
		"--b\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\nhangup": "the parts of the body can't be told apart",
		"{event:'cc_cdr', caller:'O'Brien'}":                                  "column 28: 'B' stands where a comma",
		`{event:'cc_cdr', caller:""John" <1001>"}`:                            "column 27: 'J' stands where",
		"data=[]": "the array holds no event",
	} {
		if e := decodeOne(t, body); e.Err == nil || !strings.Contains(e.Err.Error(), want) {
			t.Errorf("%q: %+v, %v", body, e.Event, e.Err)
		}
	}
}

// FuzzStrictJSON holds a value of strict JSON, as an unknown member of an event, equal to
// what encoding/json reads.
func FuzzStrictJSON(f *testing.F) {
	for _, seed := range []string{`"a\u0062\ud83d\ude00\n\/"`, `12.50e-3`, `-0`, `true`, `null`, `{"a":[1,{"b":"\u0000"}],"a":2}`, `[]`, `"\ud83d"`, `"工作"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			return
		}
		b, err := Decode([]byte(`{"event":"x","y":` + text + `}`))
		if err != nil {
			return // too large
		}
		if e := b.Elements[0].Err; e != nil {
			if strings.Contains(e.Reason, "deep") || strings.Contains(e.Reason, "KiB") {
				return
			}
			t.Fatalf("%s: %v", text, e)
		}
		got, want := b.Elements[0].Event.(*pbx.Unrecognised).Extra[0].Value, ""
		switch v := parsed(t, text).(type) {
		case string:
			want = v
		case nil:
		case bool, json.Number:
			want = strings.TrimSpace(text)
		default:
			if !reflect.DeepEqual(parsed(t, got), v) {
				t.Fatalf("%s is %s", text, got)
			}
			return
		}
		if got != want {
			t.Fatalf("%s is %q, want %q", text, got, want)
		}
	})
}

func parsed(t *testing.T, text string) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestDecodersForgetTheEventBefore(t *testing.T) {
	first := decodeOne(t, "{event:'cc_cdr', uuid:'1', startTime:'2018-11-05T11:05:31Z', score:'*', x:1, mac:'68:69:2e:0b:00:01'}")
	kept := slices.Clone(extraOf(first.Event))
	second := decodeOne(t, "{event:'cc_cdr', uuid:'1', startTime:'2018-11-05 11:05:31', y:2}")
	want := &pbx.CallRecord{UUID: "1", Start: first.Event.(*pbx.CallRecord).Start, Common: pbx.Common{Extra: []pbx.Member{{Name: "y", Value: "2"}}}}
	if !reflect.DeepEqual(second.Event, want) || !reflect.DeepEqual(extraOf(first.Event), kept) {
		t.Errorf("%+v, %+v", second.Event, first.Event)
	}
}

func TestEventsWithoutARecordAreToldByTheNamesThatAMIHas(t *testing.T) {
	for name, want := range map[string]string{"Newchannel": "Newchannel", "newstate": "Newstate", "queuelogin": "other", "VarSet\n": "other", "": "other"} {
		if got := KnownName(name); got != want {
			t.Errorf("%q is %q", name, got)
		}
	}
}

func TestATimestampFrom2100OnIsUnknown(t *testing.T) {
	for stamp, known := range map[string]bool{"4102444799.999999": true, "4102444800": false, "4294967295": false} {
		e := decodeOne(t, "{event:'dialbegin', uniqueid:'1', timestamp:'"+stamp+"'}")
		leg, ok := e.Event.(*pbx.DialBegin)
		if !ok || leg.Timestamp.IsZero() == known || len(leg.Unreadable) == 0 != known {
			t.Errorf("%s: %+v, %v", stamp, e.Event, e.Err)
		}
	}
}
