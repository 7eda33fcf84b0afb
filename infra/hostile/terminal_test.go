package hostile

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"trunkline/pkg/ingest/ingesttest"
)

// steering are texts that would move a terminal's cursor, change its colours or title, turn
// the direction of writing, or begin a line or column of their own.
const steering = `\u001b[2J\u001b]0;x\u0007\u009b31m\u0085\u2028\r\n\t\u0008\u007f\u202e\u2066\u200b\ufeff\u0000`

// Whatever a PBX writes, in whichever member: what an operator reads of it is text.
func TestNothingThatAPBXSendsSteersTheTerminal(t *testing.T) {
	t.Parallel()
	s := serve(t)
	day := "2018-11-05 19:05:31"
	for i, body := range []string{
		"{event:'cc_cdr', uuid:'1.1', queueCode:'X', agentCode:'10X', startTime:'" + day + "', cdrState:'queue', missCause:'X'}",
		"{event:'cc_cdr', uuid:'1.1X', caller:'X', called:'X', queueCode:'630', agentCode:'10X', callType:'incoming', cdrState:'queue', queueTime:7, hangupCause:'X', hangupSide:'X', startTime:'" + day +
			"', endTime:'', talkingTime:5, voicemailState:'X', ivrId:'X', ivrName:'X', ivrDtmf:'X', fwType:'X', forwardNumber:'X', trunkNumber:'X', filePath:'X', missCause:'X', 'X':'X'}",
		"{event:'cdr', uniqueid:'X', starttime:'" + day + "', callerid:'X', source:'X', destination:'X', disposition:'X', calltype:'X', recordfile:'X', 'X':'X'}",
		"{event:'ivr', uuid:'X', startTime:'" + day + "', ivrId:'X', ivrName:'X', ivrDtmf:'X', caller:'X', called:'X', callType:'X', queueCode:'X', trunkNumber:'X'}",
		"{event:'dialbegin', uniqueid:'1541415931.1X', channel:'X', calleridnum:'X', destchannel:'X', destcalleridnum:'X', destexten:'X', destuniqueid:'X', dialstring:'X'}",
		"{event:'dialend', uniqueid:'1541415931.1X', destuniqueid:'X', dialstatus:'X', calleridnum:'X'}",
		"{event:'hangup', uniqueid:'1541415931.1X', calleridnum:'X', calleridname:'X', connectedlinenum:'X', connectedlinename:'X'}",
		"{event:'extensionstatus', exten:'X', statustext:'X', 'X':'X'}",
		"{event:'X'}",
		"{event:'extensionstatus', exten:'808', status:'X'}",
		"{event:'extensionstatus', X",
	} {
		body = strings.ReplaceAll(body, "X", steering)
		if status, answer := ingesttest.Post(t, s.URL(honest, 1), []byte(body)); status >= http.StatusUnauthorized || strings.ContainsFunc(answer, steers) {
			t.Errorf("event %d: %d %q", i, status, answer)
		}
	}
	s.stop(t)
	s.prints(t, "rollup 68692e0b0001 --day 2018-11-05")
	s.prints(t, "quarantine show "+s.archived(t, "quarantine/")[0])
	for _, command := range []string{
		"calls", "calls --day 2018-11-05", "ivr", "extensions", "live", "completeness --day 2018-11-05", "doctor feed --mac",
		"kpi --day 2018-11-05 --all-rows", "kpi explain --day 2018-11-05 --queue 630 --figure offered",
	} {
		s.prints(t, command+" 68692e0b0001")
		s.prints(t, command+" 68692e0b0001 --json")
	}
	for _, command := range []string{"device list", "doctor silence", "quarantine list", "quarantine release --all"} {
		s.prints(t, command+" --json")
		s.prints(t, command)
	}
}

// prints looks for what a command prints, and for nothing in it that steers.
func (s *server) prints(t *testing.T, command string) {
	t.Helper()
	if out := s.pbxctl(t, command); out == "" || strings.ContainsFunc(out, steers) {
		t.Errorf("pbxctl %s prints %s", command, strconv.QuoteToASCII(out))
	}
}

func steers(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
