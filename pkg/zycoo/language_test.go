package zycoo

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"trunkline/pkg/pbx"
)

// decodeOne decodes a body that should hold one element.
func decodeOne(t *testing.T, body string) Element {
	t.Helper()
	b, err := Decode([]byte(body))
	if err != nil || len(b.Elements) != 1 {
		t.Fatalf("%d elements, %v", len(b.Elements), err)
	}
	return b.Elements[0]
}

func TestWhatIsWrittenInAnotherWayIsTheSameEvent(t *testing.T) {
	want := &pbx.Hangup{UniqueID: "12.5", CallerIDName: "A B"}
	for name, body := range map[string]string{
		"strict JSON":                    `{"event":"hangup","uniqueid":"12.5","calleridname":"A B"}`,
		"bare keys":                      `{event:"hangup",uniqueid:"12.5",calleridname:"A B"}`,
		"single quotes":                  `{'event':'hangup','uniqueid':'12.5','calleridname':'A B'}`,
		"a number for a text":            `{event:'hangup',uniqueid:12.5,calleridname:'A B'}`,
		"a trailing comma":               `{event:'hangup',uniqueid:12.5,calleridname:'A B',}`,
		"line comments":                  "//1\n{event:'hangup',//{\nuniqueid:12.5,//'\ncalleridname:'A B'}//",
		"block comments":                 "/**/{/* } */event/*:*/:'hangup',uniqueid:12.5,/*\n*/calleridname:'A B'}",
		"commas missing at line ends":    "{event:'hangup'\nuniqueid:12.5\r\ncalleridname:'A B'\n}",
		"a comment where one is missing": "{event:'hangup' // ,\nuniqueid:12.5 /*\n*/ calleridname:'A B'}",
		"escapes":                        `{event:'\x68angup',uniqueid:"12\u002e5",calleridname:'A\ B'}`,
		"escaped names":                  `{"\u0065vent":'hangup',uniqueid:12.5,'callerid\x6eame':'A B'}`,
		"a byte-order mark":              "\ufeff{event:'hangup',uniqueid:12.5,calleridname:'A B'}",
		"blanks of other scripts":        "\u3000{\u00a0event:'hangup',\u3000uniqueid:12.5,calleridname:'A B'}",
		"such blanks around a colon":     "{event\u3000:'hangup',uniqueid\u00a0:\u300012.5\u00a0,calleridname\ufeff:'A B'}",
		"such blanks in GB18030":         "{event\xa1\xa1:'hangup',uniqueid:12.5\xa1\xa1,calleridname:'A B'}",
		"a member given twice":           `{event:'hangup',uniqueid:1,uniqueid:12.5,calleridname:'A B'}`,
		"event as the last member":       `{uniqueid:12.5,calleridname:'A B',event:'hangup'}`,
		"null and empty are unknown":     `{event:'hangup',uniqueid:12.5,calleridname:'A B',calleridnum:null,connectedlinenum:''}`,
		"a form of fields":               "event=hangup&uniqueid=12.5&calleridname=A+B",
		"a form of fields, a line end":   "event=hangup&uniqueid=12.5&calleridname=A%20B\r\n",
		"a form of a literal":            "%7Bevent:'hangup',uniqueid:12.5,calleridname:'A+B'%7D",
		"a form of a literal and =":      "%7Bevent%3A'hangup'%2Cuniqueid%3A12.5%2Ccalleridname%3A'A+B'%7D=\n",
	} {
		t.Run(name, func(t *testing.T) {
			if e := decodeOne(t, body); e.Err != nil || !reflect.DeepEqual(e.Event, want) {
				t.Errorf("got %+v, %v", e.Event, e.Err)
			}
		})
	}
}

func TestANameHasBytesThatTogetherWouldBeABlank(t *testing.T) {
	// Two characters of GB18030; the second half of one and the first of the other are a blank.
	e := decodeOne(t, "{event:'hangup',uniqueid:1,\xb0\xa1\xa1\xb0:'x'}")
	if h, ok := e.Event.(*pbx.Hangup); !ok || len(h.Extra) != 1 || h.Extra[0].Name != "啊“" {
		t.Errorf("got %+v, %v", e.Event, e.Err)
	}
}

func TestALiteralIsReadBeforeAForm(t *testing.T) {
	e := decodeOne(t, "{event:'cc_cdr',uuid:1,startTime:'2018-11-05 19:05:31',caller:'+86=1&2%41'}")
	if record, ok := e.Event.(*pbx.CallRecord); !ok || record.Caller != "+86=1&2%41" {
		t.Errorf("got %+v, %v", e.Event, e.Err)
	}
}

func TestErrorsTellLineColumnAndMember(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"", "line 1, column 1: the body is neither"},
		{"hello", "line 1, column 1: the body is neither"},
		{"{}", `line 1, column 1: member "event": is missing or empty`},
		{"[]", "line 1, column 1: the array holds no event"},
		{"[7]", "line 1, column 2: an event is an object"},
		{"{\n  event: hangup\n}", "line 2, column 10: text needs quotes"},
		{"{event:'hangup' uniqueid:'1'}", "line 1, column 17: 'u' stands where a comma, the end of the line or }"},
		{"{event:'hangup',,}", "line 1, column 17: ',' stands where a member's name"},
		{"{event:'hangup'", "line 1, column 16: the text ends, where"},
		{"{event:'hangup\n'}", "line 1, column 8: a string is not closed on its line"},
		{"{event:'a\\tb\n'}", "line 1, column 8: a string is not closed on its line"},
		{"{event:'hangup'} {", "line 1, column 18: there is more text"},
		{"{event:'工作', x:'\\u12'}", `line 1, column 17: an escape \u needs 4 hexadecimal digits`},
		{"{event:'x', y:/1}", "line 1, column 15: a / that begins no comment"},
		{"{event:'x' /*}", "line 1, column 12: a comment is not closed"},
		{"{event:'x', y:12a}", "line 1, column 15: this is not a number"},
		{"{event:'cc_cdr', startTime:'2018-11-05 19:05:31'}", `line 1, column 1: member "uuid": is missing`},
		{"{event:'cc_cdr', uuid:'1', startTime:''}", `member "startTime": is missing`},
		{"{event:'cdr', uniqueid:'1'}", `member "starttime": is missing`},
		{"{event:'cdr', starttime:'2018-11-05 19:05:31'}", `member "uniqueid": is missing`},
		{"{event:'ivr', uuid:'1', startTime:'2018-11-05 19:05:31'}", `member "ivrId": is missing`},
		{"{event:'hangup'}", `member "uniqueid": is missing`},
		{"{event:'extensionstatus'}", `member "exten": is missing`},
		{"{event:'dialbegein', channel:'1'}", `member "uniqueid": is missing`},
		{"{event:'dialend', channel:'1'}", `member "uniqueid": is missing`},
		{"{event:'BridgeEnter'}", `member "Uniqueid": is missing`},
		{"{event:'AgentLogin', agent:'(null)'}", `member "Agent": is missing`},
		{"{event:'AgentLogoff', agent:0}", `member "Agent": is missing`},
		{"{event:'cc_cdr', uuid:'1',\n startTime:'yesterday'}", `line 2, column 12: member "startTime": "yesterday" can't be read`},
		{"{event:'cc_cdr', uuid:['1'], startTime:'2018-11-05 19:05:31'}", `member "uuid": "[\"1\"]" can't be read`},
		{strings.Repeat("[", MaxDepth+2), "objects and arrays are nested over 16 deep"},
		{"{event:'x',y:" + strings.Repeat("[", MaxDepth), "objects and arrays are nested over 16 deep"},
		{"{event:'x',y:'" + strings.Repeat("y", MaxEvent) + "'}", "an event is at most 32 KiB long"},
		{"{event:'x'" + strings.Repeat(",y:1", MaxMembers) + "}", "an event has at most 100 members"},
	} {
		e := decodeOne(t, c.body)
		if e.Err == nil {
			t.Errorf("%.60q: is an event: %+v", c.body, e.Event)
		} else if !strings.Contains(e.Err.Error(), c.want) {
			t.Errorf("%.60q:\ngot  %v\nwant …%s…", c.body, e.Err, c.want)
		}
	}
}

func TestAnArrayKeepsItsGoodEventsBesideTheBad(t *testing.T) {
	b, err := Decode([]byte("[{event:'hangup',uniqueid:1}, {event:'hangup'},\n {event:'hangup',uniqueid:2} {event:'hangup',uniqueid:3}]"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range b.Elements {
		if e.Err != nil {
			got = append(got, fmt.Sprintf("%d:%d", e.Err.Line, e.Err.Column))
		} else {
			got = append(got, e.Event.(*pbx.Hangup).UniqueID)
		}
	}
	if want := []string{"1", "1:31", "2", "2:30"}; !b.Array || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if rest := b.Elements[3].Text; rest != " {event:'hangup',uniqueid:3}]" {
		t.Errorf("what can't be read is kept as %q", rest)
	}
}

func TestBodiesOverTheLimitsAreRefusedWhole(t *testing.T) {
	for name, body := range map[string]string{
		"bytes":  strings.Repeat(" ", MaxBody+1),
		"events": "[" + strings.Repeat("{event:'hangup',uniqueid:1},", MaxEvents+1) + "]",
	} {
		if _, err := Decode([]byte(body)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b, err := Decode([]byte("[" + strings.Repeat("{event:'hangup',uniqueid:1},", MaxEvents) + "]"))
	if err != nil || len(b.Elements) != MaxEvents {
		t.Errorf("%d events: %v", len(b.Elements), err)
	}
}

func TestUnknownMembersAreKeptInOrder(t *testing.T) {
	e := decodeOne(t, `{zeta:1, event:'hangup', alpha:'', uniqueid:'1', beta:{b:[1,'two',null,],a:0x}}`)
	if e.Err == nil {
		t.Fatal("0x is a number")
	}
	e = decodeOne(t, `{zeta:01, event:'hangup', alpha:null, uniqueid:'1', beta:{b:[1,'two',null,],a:true}, zeta:"<"}`)
	want := []pbx.Member{{Name: "zeta", Value: "01"}, {Name: "alpha"}, {Name: "beta", Value: `{"b":[1,"two",null],"a":true}`}, {Name: "zeta", Value: "<"}}
	if e.Err != nil || !reflect.DeepEqual(e.Event.(*pbx.Hangup).Extra, want) {
		t.Errorf("got %+v, %v", e.Event, e.Err)
	}
}

func TestTextThatIsNotUTF8IsChinese(t *testing.T) {
	// In GBK the second byte of a character may be a backslash or a brace.
	e := decodeOne(t, "{event:'hangup',uniqueid:'1',calleridname:'\xb9\xa4\xd7\xf7\xca\xb1\xbc\xe4\x81\x5c\x81\x7d\x81\x7b'}")
	if e.Err != nil || e.Event.(*pbx.Hangup).CallerIDName != "工作时间乗亇亄" || e.Event.Misread() != nil {
		t.Errorf("got %+v, %v", e.Event, e.Err)
	}
}

func TestEachStringIsReadInItsOwnEncoding(t *testing.T) {
	for name, c := range map[string]struct {
		sent, text string
		damaged    bool
	}{
		"UTF-8":                             {"工作时间", "工作时间", false},
		"UTF-8, cut at its end":             {"工作时间"[:11], "工作时\ufffd", true},
		"UTF-8, cut at its beginning":       {"工作时间"[1:], "\ufffd作时间", true},
		"UTF-8, damaged in its middle":      {"Größe\xff工", "Größe\ufffd工", true},
		"GBK":                               {"\xb9\xa4\xd7\xf7", "工作", false},
		"GBK, one character":                {"\xb0\xa1", "啊", false},
		"GBK, a rare name":                  {"\xe6\xc3\xe6\xc3", "婷婷", false},
		"GBK, cut at its end":               {"\xb9\xa4\xd7\xf7\xca", "工作\ufffd", true},
		"GBK, a backslash in a character":   {"\xb9\xa4\xd7\xf7\x81\x5c", "工作乗", false},
		"GBK, and an escape behind it":      {"\xb9\xa4\xd7\xf7\\n", "工作\n", false},
		"GB18030, characters of four bytes": {"\x81\x30\x81\x30", "\u0080", false},
		"GB18030, an emoji":                 {"\x94\x39\xda\x33", "💩", false},
		"Latin-1":                           {"M\xfcller", "M\ufffdller", true},
		"Latin-1, two vowels":               {"Recep\xe7\xe3o", "Recep\ufffdo", true},
		"GBK, a name with a rare character": {"\xcd\xf5\xac\x42", "王珺", false},
		"Latin-1, at its end":               {"Caf\xe9", "Caf\ufffd", true},
		"Latin-1, two in a row":             {"Stra\xdfe, Gr\xfc\xdfe", "Stra\ufffde, Gr\ufffde", true},
		"Cyrillic of cp1251":                {"\xcf\xf0\xe8\xe2\xe5\xf2", "\ufffd", true},
		"a quotation mark of Windows":       {"John\x92s", "John\ufffds", true},
	} {
		t.Run(name, func(t *testing.T) {
			e := decodeOne(t, "{event:'hangup', calleridname:'"+c.sent+"', uniqueid:'1', connectedlinename:'工作时间', x:'"+c.sent+"'}")
			if e.Err != nil {
				t.Fatal(e.Err)
			}
			got := e.Event.(*pbx.Hangup)
			if got.CallerIDName != c.text || got.UniqueID != "1" || got.ConnectedLineName != "工作时间" || got.Extra[0].Value != c.text {
				t.Errorf("%q, %+v", got.CallerIDName, got)
			}
			if damaged := len(got.Unreadable) == 1 && got.Unreadable[0].Name == "calleridname"; damaged != c.damaged {
				t.Errorf("unreadable: %v", got.Unreadable)
			}
		})
	}
}
