package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trunkline/pkg/config"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/kpi"
	"trunkline/pkg/local"
	"trunkline/pkg/local/server"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/testdata"
)

// refuse runs a command that can't be done, and returns what it says.
func refuse(t *testing.T, now string, exit int, args ...string) string {
	t.Helper()
	var out, errs strings.Builder
	p := newProgram(t.Context(), &out, &errs, func(string) string { return "" }, func() time.Time { return at(t, now) })
	if code := p.run(args); code != exit {
		t.Errorf("pbxctl %s: exit %d, want %d: %s", strings.Join(args, " "), code, exit, &out)
	}
	if text := errs.String(); strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "pbxctl: ") || out.Len() > 0 {
		t.Errorf("pbxctl %s says %q, and prints %q", strings.Join(args, " "), text, &out)
	}
	return errs.String()
}

func vendorData(t *testing.T) string {
	t.Helper()
	body, err := testdata.FS.ReadFile("vendor/cc_cdr.txt")
	if err != nil {
		t.Fatal(err)
	}
	return dataOf(t, delivered{"2018-11-05T11:05:45Z", string(body)})
}

const later = "2018-11-06T09:00:00Z"

// ofDay is where the figures of the day of these tests are.
func ofDay(data string, more ...string) []string {
	return append([]string{"68:69:2e:0b:00:01", "--day", "2018-11-05", "--data", data}, more...)
}

func TestTheVendorsCallIsOneAbandonedShort(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	if out := ask(t, later, "rollup", "--all", "--day", "2018-11-01..", "--data", data); out != "1 day: 1 published\n" {
		t.Errorf("rollup: %s", out)
	}
	line := ask(t, later, append([]string{"kpi", "--json"}, ofDay(data)...)...)
	var q kpi.QueueFigures
	if err := json.Unmarshal([]byte(line), &q); err != nil || strings.Count(line, "\n") != 1 {
		t.Fatalf("%v: %s", err, line)
	}
	if q.Queue != "630" || q.Offered != 1 || q.Abandoned != 1 || q.ShortAbandoned != 1 || *q.ServiceLevel.AnsweredAndAbandoned != 0 ||
		q.ServiceLevel.ExcludingShortAbandoned != nil || q.Revision != 1 || q.ClockSuspect != 0 {
		t.Errorf("%+v", q)
	}
	if !strings.Contains(line, `"excluding_short_abandoned":null`) || !strings.Contains(line, `"asa_seconds":null`) {
		t.Errorf("what has nothing to divide by is not null: %s", line)
	}
	out := ask(t, later, append([]string{"kpi", "--all-rows", "--threshold", "30"}, ofDay(data)...)...)
	for _, want := range []string{
		"answered within 30 s, abandoned short before 10 s; revision 1, computed",
		"QUEUE  OFFERED  ANSWERED  ABANDONED  SHORT  VOICEMAIL  FLOWED  UNKNOWN  SERVICE LEVEL  ABANDONMENT  ASA  AHT  LONGEST WAIT  P90\n" +
			"630    1        0         1          1      0          0       0        0.0%           100.0%       -    -    7             -\n",
		"The whole PBX", "Agents", "100    0         1       0          1",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	again := ask(t, later, append([]string{"rollup", "--json"}, ofDay(data)...)...)
	if again != `{"mac":"68692e0b0001","day":"2018-11-05","result":"unchanged"}`+"\n" {
		t.Errorf("a second rollup: %s", again)
	}
}

func TestEachFigureIsExplainedByItsCalls(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	counted := map[string]bool{"offered": true, "abandoned": true, "short_abandoned": true}
	for _, figure := range kpi.CountNames() {
		explain := append([]string{"kpi", "explain", "--queue", "630", "--figure", figure}, ofDay(data)...)
		people, programs := ask(t, later, explain...), ask(t, later, append(explain, "--json")...)
		if !counted[figure] {
			if people != "No calls of queue 630 on 2018-11-05 count as "+figure+".\n" || programs != "" {
				t.Errorf("%s: %s%s", figure, people, programs)
			}
			continue
		}
		var call struct{ UUID, Outcome, Rule string }
		if err := json.Unmarshal([]byte(programs), &call); err != nil {
			t.Fatal(err)
		}
		const rule = `it ended in the queue, by its record of 2018-11-05T19:05:31 in the state "queue" with agent 100; ` +
			"short, since the caller ended it, before the threshold"
		if call.UUID != "1541415929.807" || call.Outcome != "abandoned" || call.Rule != rule ||
			!strings.Contains(people, "1541415929.807  85322361  7     0     -      abandoned  "+rule) {
			t.Errorf("%s: %s%s", figure, people, programs)
		}
	}
}

func TestAnAgentsFiguresAreExplainedByCallsAndSessions(t *testing.T) {
	t.Parallel()
	data := dataOf(t,
		delivered{"2018-11-05T10:00:00Z", "{Event:'AgentLogin', Agent:'SIP/100'}"},
		delivered{"2018-11-05T11:05:39Z", "{event:'cc_cdr', uuid:'1541415929.807', queueCode:'630', agentCode:'100', callType:'incoming', cdrState:'queue'," +
			"startTime:'2018-11-05 11:05:31', endTime:'2018-11-05 11:05:39', queueTime:7}"},
		delivered{"2018-11-05T12:30:00Z", "{Event:'AgentLogoff', Agent:'100'}"},
		delivered{"2018-11-05T13:00:00Z", "{Event:'AgentLogin', Agent:'100'}"},
	)
	ask(t, later, "rollup", "--all", "--day", "2018-11-05..", "--data", data)
	for figure, want := range map[string]string{
		"missed":        "1541415929.807",
		"login_seconds": "2018-11-05 10:00:00  2018-11-05 12:30:00  9000     yes   it ends with the logoff\n2018-11-05 13:00:00  2018-11-05 13:00:00  0        no",
		"answered":      "Nothing of agent 100 on 2018-11-05 counts as answered.",
	} {
		out := ask(t, later, append([]string{"kpi", "explain", "--agent", "100", "--figure", figure}, ofDay(data)...)...)
		if !strings.Contains(out, want) {
			t.Errorf("%s:\n%s", figure, out)
		}
	}
	out := ask(t, later, append([]string{"kpi", "--all-rows"}, ofDay(data)...)...)
	if !strings.HasSuffix(out, "  9000   1       0.0%\n") {
		t.Error(out)
	}
}

// busyDay is a day of two queues and two agents, of a PBX whose zone nothing tells.
func busyDay(t *testing.T) string {
	t.Helper()
	call := func(uuid, queue, agent, state, wait, talk string) delivered {
		return delivered{"2018-11-05T12:00:00Z", "{event:'cc_cdr', uuid:'" + uuid + "', queueCode:'" + queue + "', agentCode:'" + agent +
			"', startTime:'2018-11-05 09:00:00', callType:'IN', cdrState:'" + state + "', queueTime:'" + wait + "', talkingTime:'" + talk + "'}"}
	}
	return dataOf(t,
		call("a", "630", "801", "bridged", "5", "60"), call("b", "630", "802", "bridged", "25", "30"), call("c", "630", "", "queue", "40", ""),
		call("d", "640", "801", "bridged", "10", "90"))
}

func TestCallsThatAreCountedApartHaveColumnsWhereThereAreAny(t *testing.T) {
	t.Parallel()
	data := dataOf(t, delivered{"2018-11-05T12:00:00Z",
		"{event:'cc_cdr', uuid:'a', queueCode:'630', agentCode:'801', startTime:'2018-11-05 09:00:00', callType:'OUT', cdrState:'bridged'}"})
	ask(t, later, append([]string{"rollup"}, ofDay(data)...)...)
	out := ask(t, later, append([]string{"kpi"}, ofDay(data)...)...)
	if !strings.Contains(out, "P90  OUTBOUND") {
		t.Error(out)
	}
}

func TestRowsAreShownByQueueAndByThreshold(t *testing.T) {
	t.Parallel()
	data := busyDay(t)
	ask(t, later, append([]string{"rollup"}, ofDay(data)...)...)
	type row struct {
		Queue, Agent *string
		Offered      int
		Answered     int
		ServiceLevel map[string]*float64 `json:"service_level"`
		Threshold    int                 `json:"service_level_threshold_seconds"`
	}
	rows := func(more ...string) []row {
		return lines[row](t, result{out: ask(t, later, append([]string{"kpi", "--json"}, ofDay(data, more...)...)...)})
	}
	level := func(r row) float64 { return *r.ServiceLevel["answered_and_abandoned"] }
	if all := rows(); len(all) != 2 || *all[0].Queue != "630" || all[0].Offered != 3 || level(all[0]) != 1./3 ||
		*all[1].Queue != "640" || level(all[1]) != 1 {
		t.Errorf("both queues: %+v", all)
	}
	if one := rows("--queue", "630", "--threshold", "30"); len(one) != 1 || level(one[0]) != 2./3 || one[0].Threshold != 30 {
		t.Errorf("queue 630 at 30 s: %+v", one)
	}
	if one := rows("--queue", "630", "--threshold", "0"); len(one) != 1 || level(one[0]) != 0 {
		t.Errorf("queue 630 at 0 s: %+v", one)
	}
	all := rows("--all-rows")
	if len(all) != 5 || *all[0].Agent != "801" || all[0].Answered != 2 || *all[1].Agent != "802" || all[2].Queue != nil || all[2].Offered != 4 {
		t.Errorf("all rows: %+v", all)
	}
	if out := ask(t, later, append([]string{"kpi", "--queue", "640"}, ofDay(data)...)...); strings.Contains(out, "630") || !strings.Contains(out, "100.0%") {
		t.Errorf("queue 640: %s", out)
	}
	ask(t, later, "device", "set", "68692e0b0001", "--sla-threshold", "30", "--data", data)
	if all := rows(); level(all[0]) != 2./3 || all[0].Threshold != 30 {
		t.Errorf("by the PBX's own threshold: %+v", all)
	}
}

func TestARowHasItsPublicNames(t *testing.T) {
	t.Parallel()
	data := busyDay(t)
	ask(t, later, append([]string{"rollup"}, ofDay(data)...)...)
	all := lines[map[string]any](t, result{out: ask(t, later, append([]string{"kpi", "--json"}, ofDay(data)...)...)})
	for _, name := range strings.Fields(`mac day queue offered answered abandoned short_abandoned voicemail flowed_out unknown service_level
		service_level_threshold_seconds abandonment_rate asa_seconds aht_seconds talk_seconds hold_seconds wrap_up_seconds ring_seconds
		longest_wait_seconds abandoned_wait_mean_seconds wait_p50_seconds wait_p90_seconds wait_p95_seconds rated score_mean
		score_distribution miss_causes agents intervals visits inputs computed_at revision`) {
		if _, ok := all[0][name]; !ok {
			t.Errorf("no %s in %v", name, all[0])
		}
	}
	inputs, _ := all[0]["inputs"].(map[string]any)
	if inputs["records"] != 3. || inputs["hash"] == "" {
		t.Errorf("inputs: %v", inputs)
	}
}

func TestAllDaysThatHaveClosedAreRolledUp(t *testing.T) {
	t.Parallel()
	day := func(n int) delivered {
		at := time.Date(2018, 11, n, 9, 0, 0, 0, time.UTC)
		body := fmt.Sprintf("{event:'cc_cdr', uuid:'x%d', queueCode:'630', startTime:'%s', cdrState:'queue'}", n, at.Format(time.DateTime))
		return delivered{at.Format(time.RFC3339), body}
	}
	data := dataOf(t, day(1), day(2), day(4), day(5), day(6))
	all := []string{"--all", "--day", "2018-11-02..", "--data", data}
	const want = `{"mac":"68692e0b0001","day":"2018-11-02","result":"%[1]s"}
{"mac":"68692e0b0001","day":"2018-11-04","result":"%[1]s"}
{"mac":"68692e0b0001","day":"2018-11-05","result":"%[1]s"}
`
	if out := ask(t, later, append([]string{"rollup", "--json"}, all...)...); out != fmt.Sprintf(want, "published") {
		t.Errorf("first run: %s", out)
	}
	if out := ask(t, later, append([]string{"rollup", "--json"}, all...)...); out != fmt.Sprintf(want, "unchanged") {
		t.Errorf("second run: %s", out)
	}
	// A program's pipe gets no progress.
	got := run(t, "", "rollup", "--all", "--day", "2018-11-01..", "--now", later, "--data", data)
	if got != (result{out: "4 days: 1 published, 3 unchanged\n"}) {
		t.Errorf("with the first: %+v", got)
	}
	if out := ask(t, later, "rollup", "--all", "--day", "2018-11-03", "--data", data); out != "No day that was asked for has records and has closed.\n" {
		t.Errorf("a day without records: %s", out)
	}
}

func TestARollupThatIsInterruptedStops(t *testing.T) {
	t.Parallel()
	data := busyDay(t)
	ctx, cancel := context.WithCancel(t.Context())
	var errs strings.Builder
	p := newProgram(ctx, writer(func(string) { cancel() }), &errs, func(string) string { return "" }, func() time.Time { return at(t, later) })
	s, err := local.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := rollup.New(store.New(s.Table, p.now), s.Bucket, config.DefaultSchedule(), p.now)
	task := rollup.Task{MAC: "68692e0b0001", Day: theDay(t)}
	command := rollupCommand{showing: showing{JSON: true}}
	if err := command.work(p, r, []rollup.Task{task, task, task}); err == nil || errors.Is(err, context.Canceled) ||
		err.Error() != "stopped after 1 of 3 days; the next hourly run does the others" {
		t.Errorf("stopped with %v", err)
	}
}

// writer is called with each text that is written.
type writer func(string)

func (w writer) Write(text []byte) (int, error) {
	w(string(text))
	return len(text), nil
}

func theDay(t *testing.T) pbx.Day {
	t.Helper()
	day, err := pbx.ParseDay("2018-11-05")
	if err != nil {
		t.Fatal(err)
	}
	return day
}

func TestACommandThatCantBeDoneSaysWhyInOneLine(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	for _, c := range []struct {
		args string // and --data
		exit int
		want string
	}{
		{"device set 68692e0b0001 --zone Mars/Olympus", 2, `--zone: "Mars/Olympus" is not a time zone`},
		{"device set 68692e0b0001 --sla-threshold=-1", 2, "--sla-threshold: -1 is not a number of seconds from 0 to 86400"},
		{"device set 68692e0b0001 --sla-threshold=soon", 2, "--sla-threshold: expected a whole number"},
		{"device set 68692e0b0001 --short-abandon=100000", 2, "--short-abandon: 100000 is not a number of seconds from 0 to 86400"},
		{"device set 68692e0b0001", 2, "which setting? Give one"},
		{"device set reception --name x", 2, `<mac>: "reception" is not a MAC address`},
		{"rollup 68692e0b0001 --day 2018-11-06", 1, "2018-11-06 has not closed for 68692e0b0001: it closes at 2018-11-07T00:15:00Z, by its zone UTC"},
		{"rollup --all --day 2018-11-08", 1, "--day: 2018-11-08 has not begun anywhere"},
		{"rollup 68692e0b0001 --day 2018-11-08..", 1, "--day: 2018-11-08 has not begun anywhere"},
		{"rollup reception --day 2018-11-05", 2, `: <mac>: "reception" is not a MAC address`},
		{"rollup --all --day tomorrow", 2, `--day: "tomorrow" is not a day such as 2018-11-05`},
		{"rollup --all --day tomorrow..", 2, `--day: "tomorrow" is not a day such as 2018-11-05, today or yesterday`},
		{"rollup --all", 2, "missing flags: --day=DAYS"},
		{"rollup --day 2018-11-05", 2, "which PBX? Give its MAC, or --all"},
		{"rollup --all 68692e0b0001 --day 2018-11-05", 2, "which PBX? Give its MAC, or --all"},
		{"rollup --all --day 2018-11-05..2018-11-04", 2, "--day: 2018-11-05..2018-11-04 ends before it begins"},
		{"rollup --all --day 2018-11-05 --stack t", 2, "--data is a folder of this machine, and --stack is on AWS: give one of them"},
		{"rollup --all --day 2018-11-05 --now noon", 2, `--now: "noon" is not a time such as 2026-11-23T09:00:00Z`},
		{"kpi 68692e0b0001 --day 2018-11-05", 1, "there are no figures of 2018-11-05 of 68692e0b0001 yet: compute them with pbxctl rollup, when the day has closed"},
		{"kpi 68692e0b0001 --day 2018-11-05 --threshold=-5", 2, "--threshold: -5 is below 0"},
		{"kpi 68692e0b0001 --day 2018-11-05 --short=-5", 2, "--short: -5 is below 0"},
		{"kpi 68692e0b0001 --day 2018-11-05 --queue 630 --all-rows", 2, "--queue and --all-rows can't be used together"},
		{"kpi 68692e0b0001", 2, "missing flags: --day=DAY"},
		{"kpi 12 --day 2018-11-05", 2, `<mac>: "12" is not a MAC address`},
		{"kpi explain 68692e0b0001 --day 5.11.2018 --queue 630", 2, `--day: "5.11.2018" is not a day such as 2018-11-05`},
		{"kpi explain 68692e0b0001 --day 2018-11-05 --queue 630 --figure lost", 2, `--figure: "lost" is not one of offered, answered, abandoned, short_abandoned`},
		{"kpi explain 68692e0b0001 --day 2018-11-05 --agent 100 --figure offered", 2, `--figure: "offered" is not one of answered, missed, answered_elsewhere, outbound_calls, direct_calls, login_seconds`},
		{"kpi explain 68692e0b0001 --day 2018-11-05 --agent 100 --queue 630", 2, "--queue and --agent can't be used together"},
		{"kpi restatements 68692e0b0001 --day noon", 2, `--day: "noon" is not a day such as 2018-11-05`},
		{"kpi restatements 68692e0b0001 --day 2018-11-05", 1, "there are no figures of 2018-11-05 of 68692e0b0001"},
		{"serve --addr 127.0.0.1:0 --now noon", 2, `--now: "noon" is not a time such as 2026-11-23T09:00:00Z`},
	} {
		if got := refuse(t, later, c.exit, append(strings.Fields(c.args), "--data", data)...); !strings.Contains(got, c.want) {
			t.Errorf("pbxctl %s says %q, want %q", c.args, got, c.want)
		}
	}
}

func TestAMissingFolderIsAnErrorAndIsNotMade(t *testing.T) {
	t.Parallel()
	none := filepath.Join(t.TempDir(), "none")
	for _, args := range []string{"rollup --all --day 2018-11-05", "kpi 68692e0b0001 --day 2018-11-05", "device set 68692e0b0001 --name x"} {
		if got := refuse(t, later, exitFailed, append(strings.Fields(args), "--data", none)...); !strings.Contains(got, none+" is not a data folder") {
			t.Errorf("pbxctl %s says %q", args, got)
		}
	}
	if _, err := os.Stat(none); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder was made: %v", err)
	}
}

func TestWhatIsSaidOfAPBXChangesNothingElse(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	set := func(args ...string) string {
		t.Helper()
		return ask(t, later, append([]string{"device", "set", "68692e0b0001", "--data", data}, args...)...)
	}
	set("--name", "Reception", "--site", "Berlin", "--zone", "Europe/Berlin", "--sla-threshold", "30")
	set("--short-abandon", "5", "--talk-includes-hold")
	if out := ask(t, later, "device", "list", "--data", data); !strings.Contains(out, "Reception  Berlin  Europe/Berlin  30   5      yes                 enabled  1           2018-11-05 11:05:45  -\n") {
		t.Error(out)
	}
	set("--site", "Hamburg", "--no-talk-includes-hold")
	out := ask(t, later, "device", "list", "--data", data, "--json")
	const want = `{"mac":"68692e0b0001","name":"Reception","site":"Hamburg","zone":"Europe/Berlin","sla_threshold_seconds":30,"short_abandon_seconds":5,"last_heard":"2018-11-05T11:05:45Z"}` + "\n"
	if out != want {
		t.Errorf("got  %swant %s", out, want)
	}
	set("--zone", "")
	ask(t, later, "rollup", "--all", "--day", "2018-11-01..", "--data", data)
	for _, out := range []string{ask(t, later, "device", "list", "--data", data), set("--short-abandon", "6")} {
		if !strings.Contains(out, "(+08:00)") || !strings.Contains(out, "Hamburg") {
			t.Error(out)
		}
	}
	const inferred = `{"mac":"68692e0b0001","name":"Reception","sla_threshold_seconds":30,"short_abandon_seconds":6,"inferred_zone":"+08:00","last_heard":"2018-11-05T11:05:45Z"}` + "\n"
	if out := set("--site", "", "--json"); out != inferred {
		t.Errorf("got  %swant %s", out, inferred)
	}
}

// running is a server of these tests, with a clock that they set.
type running struct {
	*server.Server
	clock atomic.Pointer[time.Time]
	log   strings.Builder // read after stop
}

func serveAt(t *testing.T, data, now string) *running {
	t.Helper()
	r := &running{}
	r.set(t, now)
	makeKeys(t, data) // records without keys are not served
	p := newProgram(t.Context(), io.Discard, &r.log, func(string) string { return "" }, func() time.Time { return *r.clock.Load() })
	r.Server = serveHere(t, p, data)
	return r
}

func (r *running) set(t *testing.T, now string) {
	t.Helper()
	parsed := at(t, now)
	r.clock.Store(&parsed)
}

// revision waits until the day of these tests was published so often.
func (r *running) revision(t *testing.T, want int64) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		header, err := r.Store.Figures().Header(t.Context(), "68692e0b0001", theDay(t))
		if err != nil {
			t.Fatal(err)
		}
		if header.Revision == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("published %d times, want %d", header.Revision, want)
		}
	}
}

func TestServeRollsUpWhatItFindsWhenItStarts(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	s := serveAt(t, data, later)
	if out := ask(t, later, "rollup", "--all", "--day", "2018-11-05", "--data", data); !strings.HasPrefix(out, "1 day: 1 ") {
		t.Error(out)
	}
	ask(t, later, "device", "set", "68692e0b0001", "--name", "Reception", "--data", data) // while it serves
	s.revision(t, 1)
	if out := ask(t, later, append([]string{"kpi"}, ofDay(data)...)...); !strings.Contains(out, "630    1        0") {
		t.Error(out)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if log := s.log.String(); !strings.Contains(log, "msg=schedule pbxs=1 marked=1 sent=1") {
		t.Error(log)
	}
}

func TestServeLeavesADayThatHasNotClosed(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	ask(t, "2018-11-05T12:00:00Z", "device", "set", "68692e0b0001", "--zone", "Asia/Shanghai", "--data", data)
	s := serveAt(t, data, "2018-11-05T16:14:59Z") // midnight there, but for a second of the grace
	for range 2 {
		s.Maintain(t.Context())
	}
	s.revision(t, 0)
	s.set(t, "2018-11-05T16:15:00Z")
	s.Maintain(t.Context())
	s.revision(t, 1)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func TestAServerOfAnotherTimeRollsUpAsOfThen(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	s := serve(t, data, "--now", later)
	var got result
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got = run(t, "", append([]string{"kpi", "--json"}, ofDay(data)...)...); got.code == 0 && got.out != "" {
			break
		}
	}
	if !strings.Contains(got.out, `"computed_at":"2018-11-06T09:00:`) {
		t.Errorf("%+v: %s", got, s.errs)
	}
	s.stop(t)
}

func TestWhatComesLateRestatesItsDay(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	s := serveAt(t, data, later)
	s.revision(t, 1)
	none := ask(t, later, append([]string{"kpi", "restatements"}, ofDay(data)...)...)
	if none != "The figures of 2018-11-05 of 68692e0b0001 have not changed since they were published first.\n" {
		t.Error(none)
	}
	s.set(t, "2018-11-06T09:30:00Z")
	const late = `{event:'cc_cdr', uuid:'1541415000.1', queueCode:'630', agentCode:'100', startTime:'2018-11-05 18:50:00',
		callType:'IN', cdrState:'bridged', queueTime:'12', talkingTime:'60'}`
	if status, answer := ingesttest.Post(t, s.Keys.URL(s.URL, "68692e0b0001", 1), []byte(late)); status != 200 {
		t.Fatal(answer)
	}
	s.set(t, "2018-11-06T10:00:00Z")
	s.Maintain(t.Context())
	s.revision(t, 2)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if out := ask(t, later, append([]string{"kpi"}, ofDay(data)...)...); !strings.Contains(out, "revision 2 (see pbxctl kpi restatements), computed") || !strings.Contains(out, "50.0%") {
		t.Error(out)
	}
	out := ask(t, later, append([]string{"kpi", "restatements"}, ofDay(data)...)...)
	for _, want := range []string{
		"1     630    1 → 2    0 → 1     1          1      0          0       0        0.0% → 50.0%   100.0% → 50.0%",
		"Records that came after the figures they change", "cc_cdr  1541415000.1  2018-11-05T18:50:00  630    100\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	type row struct {
		Queue    *string
		Offered  int
		Revision int
	}
	old := lines[struct {
		MAC, Day string
		Revision int
		Replaced time.Time `json:"replaced_at"`
		Late     int
		Records  []store.LateRecord `json:"late_records"`
		Rows     []row
	}](t, result{out: ask(t, later, append([]string{"kpi", "restatements", "--json"}, ofDay(data)...)...)})
	if len(old) != 1 || old[0].MAC != "68692e0b0001" || old[0].Day != "2018-11-05" || old[0].Revision != 1 || old[0].Late != 1 ||
		!old[0].Replaced.Equal(at(t, "2018-11-06T10:00:00Z")) || len(old[0].Records) != 1 || old[0].Records[0].ID != "1541415000.1" {
		t.Fatalf("%+v", old)
	}
	if rows := old[0].Rows; len(rows) != 3 || rows[2].Queue == nil || rows[2].Offered != 1 || rows[2].Revision != 1 {
		t.Errorf("the rows that were replaced: %+v", rows)
	}
}
