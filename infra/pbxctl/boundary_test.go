package main

import (
	"fmt"
	"strings"
	"testing"
)

// What is taken at the bounds of time is found by all commands: on the first day and on the last.
func TestTheFirstAndTheLastDayAreShownByAllCommands(t *testing.T) {
	t.Parallel()
	for day, starts := range map[string][2]string{
		"1970-01-01": {"00:00:00", "08:00:00"}, "2099-12-31": {"08:00:00", "23:59:59"},
	} {
		var sent []delivered
		for i, start := range starts {
			sent = append(sent, delivered{"2026-11-24T10:00:00Z", fmt.Sprintf(
				"{event:'cc_cdr',uuid:'x%d',queueCode:'630',agentCode:'801',callType:'IN',cdrState:'bridged',queueTime:5,talkingTime:9,startTime:'%s %s'}", i, day, start)})
		}
		data := dataOf(t, sent...)
		of := []string{"68692e0b0001", "--day", day, "--data", data}
		for _, c := range []struct {
			args []string
			want string
		}{
			{[]string{"rollup"}, "1 published"}, {[]string{"kpi"}, "revision 1, computed 2026"}, {[]string{"kpi", "--json"}, `"offered":2`},
			{[]string{"calls"}, day}, {[]string{"completeness", "--json"}, `"day":"` + day},
		} {
			out := ask(t, "2026-11-24T11:00:00Z", append(c.args, of...)...)
			if !strings.Contains(out, c.want) {
				t.Errorf("pbxctl %s of %s: %s", strings.Join(c.args, " "), day, out)
			}
		}
		since := ask(t, "2026-11-24T12:00:00Z", "rollup", "68692e0b0001", "--day", "1970-01-01..", "--data", data)
		if !strings.Contains(since, "1 day: 1 unchanged") {
			t.Errorf("since the first day: %s", since)
		}
	}
}

func TestADayWithoutQueueCallsTellsItsRevision(t *testing.T) {
	t.Parallel()
	data := dataOf(t, delivered{"2026-11-24T10:00:00Z", "{event:'cdr',uniqueid:'x',starttime:'2026-11-22 11:06:40'}"})
	of := []string{"68692e0b0001", "--day", "2026-11-22", "--data", data}
	ask(t, "2026-11-24T11:00:00Z", append([]string{"rollup"}, of...)...)
	out := ask(t, "2026-11-24T12:00:00Z", append([]string{"kpi"}, of...)...)
	if !strings.Contains(out, "revision 1, computed 2026-11-24 11:00:00") || !strings.Contains(out, "No queue had calls.") {
		t.Error(out)
	}
}

func TestAQueueIsFoundByItsNameWhateverThatIs(t *testing.T) {
	t.Parallel()
	for _, queue := range []string{"6#30", "100%", strings.Repeat("x", 400)} {
		data := dataOf(t, delivered{"2026-11-24T10:00:00Z", fmt.Sprintf(
			"{event:'cc_cdr',uuid:'x',queueCode:'%s',agentCode:'801',callType:'IN',cdrState:'queue',queueTime:5,startTime:'2026-11-22 11:06:40'}", queue)})
		of := []string{"68692e0b0001", "--day", "2026-11-22", "--data", data}
		ask(t, "2026-11-24T11:00:00Z", append([]string{"rollup"}, of...)...)
		if out := ask(t, "2026-11-24T12:00:00Z", append([]string{"kpi", "--queue", queue, "--json"}, of...)...); !strings.Contains(out, `"offered":1`) {
			t.Errorf("%.20s: %s", queue, out)
		}
	}
}
