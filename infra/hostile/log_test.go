package hostile

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// logLine is a line of the server's log, whole: a value that has anything but these
// characters stands in quotes, and every quote in it has a backslash.
var logLine = regexp.MustCompile(`^time=[\d:.TZ+-]+ level=(INFO|WARN|ERROR)( [a-z_]+=([\w.:/\[\]-]+|"(\\.|[^"\\[:cntrl:]])*"))+\n$`)

// checkLog looks for lines that the server has not written by itself, and for so many
// deliveries. A line is written once its delivery is answered.
func (s *server) checkLog(t *testing.T, deliveries int) {
	t.Helper()
	for began := time.Now(); strings.Count(s.log(t), " msg=delivery ") < deliveries && time.Since(began) < 5*time.Second; {
		time.Sleep(10 * time.Millisecond)
	}
	found := 0
	for line := range strings.Lines(s.log(t)) {
		if !logLine.MatchString(line) || strings.Contains(line, forged) {
			t.Errorf("a line of the log is forged: %q", line)
		}
		if strings.Contains(line, " msg=delivery ") {
			found++
		}
	}
	if found != deliveries {
		t.Errorf("%d deliveries in the log, want %d", found, deliveries)
	}
}
