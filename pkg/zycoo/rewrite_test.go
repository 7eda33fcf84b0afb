package zycoo

import (
	"reflect"
	"strings"
	"testing"
)

// rewritten is the event of a body before and after it was written again.
func rewritten(t *testing.T, body string) (before, after Element, text []byte) {
	t.Helper()
	was, err := Decode([]byte(body))
	text, ok := Rewrite([]byte(body), func(m Member) Member { return m })
	if err != nil || !ok {
		return
	}
	is, err := Decode(text)
	if err != nil || len(is.Elements) != 1 {
		t.Fatalf("%q is written as %q: %v", body, text, err)
	}
	return was.Elements[0], is.Elements[0], text
}

func TestARewrittenEventIsTheSame(t *testing.T) {
	for _, body := range []string{
		"{event:'hangup', uniqueid:'1.2', cause:16, /* why */ 'cause-txt': \"a \\\"b\\\" \\\\ \\n \\u0001\"}",
		"{event:'hangup', uniqueid:'1.2', x:{a:[1,-2.50,01,true,null,'<\\u2028>']}, y:null, z:false, n:007}",
		"{event:'hangup', uniqueid:'1.2', calleridname:'\xb9\xa4\xd7\xf7'}",
		"{event:'hangup', uniqueid:'1.2', calleridname:'caf\xe9 \ufffd\xff'}",
		"{event:'hangup', uniqueid:'1.2', calleridname:'\xe5\xb7\xa5\xe4\xbd'}",
		"event=hangup&uniqueid=1.2&calleridname=a%0Ab%22&x=%7B%7D",
		"data=%7Bevent%3A'hangup'%2Cuniqueid%3A'1.2'%7D",
		"Event: Hangup\r\nUniqueid: 1.2\r\nCause-txt: Normal \"x\"\r\n\r\n",
		"--b\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\nhangup\r\n--b\r\nContent-Disposition: form-data; name=\"uniqueid\"\r\n\r\n1.2\r\n--b--\r\n",
		"{event:'NewThing', a:'1', a:'2'}",
	} {
		was, is, text := rewritten(t, body)
		if was.Event == nil || !reflect.DeepEqual(was.Event, is.Event) {
			t.Errorf("%q is written as %q:\n%+v, was\n%+v, %v", body, text, is.Event, was.Event, was.Err)
		}
	}
}

func TestAMemberIsWrittenAsItIsChanged(t *testing.T) {
	text, ok := Rewrite([]byte("{event:'hangup', uniqueid:'1.2', cause:16, x:{a:1}, n:5}"), func(m Member) Member {
		m.Name = strings.ToUpper(m.Name)
		if m.Value == "16" {
			m.Value = "017"
		}
		return m
	})
	if want := `{"EVENT":"hangup","UNIQUEID":"1.2","CAUSE":"017","X":{"a":1},"N":5}`; !ok || string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
	for _, body := range []string{"", "{", "[]", "[{event:'hangup', uniqueid:'1'},{event:'hangup', uniqueid:'2'}]", "{event:'hangup'}", strings.Repeat(" ", MaxBody+1)} {
		if _, ok := Rewrite([]byte(body), func(m Member) Member { return m }); ok {
			t.Errorf("%.40q is one event", body)
		}
	}
}

func FuzzARewrittenEventSaysTheSame(f *testing.F) {
	f.Add("{event:'hangup', uniqueid:'1.2', calleridname:'\xb9\xa4\xd7\xf7', x:{a:[1,'b']}}")
	f.Add("event=hangup&uniqueid=1.2&calleridname=caf%e9")
	f.Fuzz(func(t *testing.T, body string) {
		was, is, text := rewritten(t, body)
		if was.Event != nil && len(text) <= MaxEvent && !reflect.DeepEqual(was.Event, is.Event) {
			t.Errorf("%q is written as %q:\n%+v, was\n%+v", body, text, is.Event, was.Event)
		}
	})
}
