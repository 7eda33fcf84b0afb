package erase

import (
	"strings"
	"testing"

	"trunkline/pkg/store"
)

// Whatever a PBX sends: without the number, the body says what it said, or its event goes.
func FuzzABodyWithoutANumberSaysWhatItSaid(f *testing.F) {
	for _, seed := range []string{
		"{event:'cc_cdr', uuid:'1511234567.2', startTime:'2026-11-20 08:00:00', caller:'+49 151 1234567', agentCode:'SIP/15-11234567', x:{a:[491511234567,'b']}}",
		"{event:'cdr', uniqueid:'1795161600.1', source:'\"0151\" <1234567>', duration:491511234567}",
		"event=ivr&uuid=1&ivrId=0151%A01234567&startTime=2026-11-20+08:00:00&timestamp=%EF%BC%90151-1234567",
		"Event: AgentLogin\r\nAgent: 0151 1234567\r\n",
		"{event:'hangup', uniqueid:'1', calleridname:'\xb9\xa4\xd7\xf7 \xa3\xb0151\xa3\xb1234567 caf\xe9', status:4.91511234567e11}",
		"{event:'dialbegin', uniqueid:'1', timestamp:1511234567.25, /* 01511234567 */ mac:'491511234567'}",
	} {
		f.Add(seed)
	}
	n := numbers(f, "+49 151 1234567")
	f.Fuzz(func(t *testing.T, text string) {
		b := n.maskBody([]byte(text))
		was := eventOf([]byte(text))
		if was == nil {
			if n.In(string(b.text)) {
				t.Errorf("%q becomes %q", text, b.text)
			}
			return
		}
		want, changed, err := store.Masked(was, n.Member)
		if err != nil {
			t.Skip(err)
		}
		switch {
		case b.gone != "":
			if n.In(string(b.text)) {
				t.Errorf("%q becomes %q", text, b.text)
			}
			if len(text) < 1000 && !strings.Contains(text, `\`) && !strings.Contains(text, `%`) {
				t.Logf("%q can't be written as %q", text, b.text)
			}
		case !says(eventOf(b.text), want) || !n.clean(b.text):
			t.Errorf("%q becomes %q", text, b.text)
		case changed && !b.had:
			t.Errorf("%q has the number", text)
		}
		if again := n.maskBody(b.text); again.had && b.gone == "" {
			t.Errorf("%q becomes %q, and then %q", text, b.text, again.text)
		}
	})
}
