package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/testdata"
)

// refuse runs a command that can't be done, and returns what it says.
func refuse(t *testing.T, now string, args ...string) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	p := &program{t.Context(), &out, &errs, func(string) string { return "" }, func() time.Time { return at }}
	if code := p.run(args); code == 0 {
		t.Errorf("pbxctl %s: exit 0: %s", strings.Join(args, " "), &out)
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

func TestTheVendorsCallIsOneAbandonedShort(t *testing.T) {
	data := vendorData(t)
	if out := ask(t, later, "rollup", "--all", "--since", "2018-11-01", "--data", data); out != "1 day: 1 published\n" {
		t.Errorf("rollup: %s", out)
	}
	where := []string{"--mac", "68:69:2e:0b:00:01", "--day", "2018-11-05", "--data", data}
	var q kpi.QueueFigures
	if err := json.Unmarshal([]byte(ask(t, later, append([]string{"kpi", "--json"}, where...)...)), &q); err != nil {
		t.Fatal(err)
	}
	if q.Queue != "630" || q.Offered != 1 || q.Abandoned != 1 || q.ShortAbandoned != 1 || *q.ServiceLevel.AnsweredAndAbandoned != 0 ||
		q.ServiceLevel.ExcludingShortAbandoned != nil || q.Revision != 1 || q.ClockSuspect != 0 {
		t.Errorf("%+v", q)
	}
	out := ask(t, later, append([]string{"kpi", "--all-rows", "--threshold", "30"}, where...)...)
	for _, want := range []string{"answered within 30 s", "630    1        0         1          1", "0.0%", "The whole PBX", "Agents", "100    0         1       1"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for figure, found := range map[string]bool{"offered": true, "abandoned": true, "short_abandoned": true, "answered": false, "internal": false} {
		out := ask(t, later, append([]string{"kpi", "explain", "--queue", "630", "--figure", figure}, where...)...)
		if strings.Contains(out, "1541415929.807") != found || found && !strings.Contains(out, "it ended in the queue") {
			t.Errorf("%s: %s", figure, out)
		}
	}
	if out := ask(t, later, append([]string{"rollup", "--json"}, where...)...); out != `{"mac":"68692e0b0001","day":"2018-11-05","result":"unchanged"}`+"\n" {
		t.Errorf("a second rollup: %s", out)
	}
}

func TestACommandThatCantBeDoneSaysWhyInOneLine(t *testing.T) {
	data := vendorData(t)
	for want, args := range map[string][]string{
		"--zone: \"Mars/Olympus\" is not a time zone":        {"device", "set", "--mac", "68692e0b0001", "--zone", "Mars/Olympus", "--data", data},
		"--sla-threshold: -1 is not a number of seconds":     {"device", "set", "--mac", "68692e0b0001", "--sla-threshold=-1", "--data", data},
		"2099-01-01 has not closed for 68692e0b0001":         {"rollup", "--mac", "68692e0b0001", "--day", "2099-01-01", "--data", data},
		"2018-11-06 has not closed for 68692e0b0001":         {"rollup", "--mac", "68692e0b0001", "--day", "2018-11-06", "--data", data},
		"68692e0b0002 told of nothing on 2018-11-05":         {"rollup", "--mac", "68692e0b0002", "--day", "2018-11-05", "--data", data},
		"--day: \"yesterday\" is not a day":                  {"rollup", "--all", "--day", "yesterday", "--data", data},
		"which days? Give --day DAY or --since DAY":          {"rollup", "--all", "--data", data},
		"which PBX? Give --mac MAC or --all":                 {"rollup", "--day", "2018-11-05", "--data", data},
		"where are the records? Give --data DIR":             {"rollup", "--all", "--day", "2018-11-05"},
		"--now: \"noon\" is not a time":                      {"rollup", "--all", "--day", "2018-11-05", "--data", data, "--now", "noon"},
		"there are no figures of 2018-11-05 of 68692e0b0001": {"kpi", "--mac", "68692e0b0001", "--day", "2018-11-05", "--data", data},
		"--threshold: -5 is below 0":                         {"kpi", "--mac", "68692e0b0001", "--day", "2018-11-05", "--threshold=-5", "--data", data},
		"--day: \"5.11.2018\" is not a day such as":          {"kpi", "explain", "--mac", "68692e0b0001", "--day", "5.11.2018", "--queue", "630", "--data", data},
		"--figure must be one of":                            {"kpi", "explain", "--mac", "68692e0b0001", "--day", "2018-11-05", "--queue", "630", "--figure", "lost", "--data", data},
		"/nowhere is no data folder":                         {"kpi", "--mac", "68692e0b0001", "--day", "2018-11-05", "--data", "/nowhere"},
	} {
		if got := refuse(t, later, args...); !strings.Contains(got, want) {
			t.Errorf("pbxctl %s says %q, want %q", strings.Join(args, " "), got, want)
		}
	}
}

func TestWhatIsSaidOfAPBXChangesNothingElse(t *testing.T) {
	data := vendorData(t)
	set := func(args ...string) {
		t.Helper()
		ask(t, later, append([]string{"device", "set", "--mac", "68692e0b0001", "--data", data}, args...)...)
	}
	set("--name", "Reception", "--site", "Berlin", "--zone", "Europe/Berlin", "--sla-threshold", "30")
	set("--short-abandon", "5", "--talk-includes-hold")
	set("--site", "Hamburg", "--no-talk-includes-hold")
	out := ask(t, later, "device", "list", "--data", data, "--json")
	const want = `{"mac":"68692e0b0001","name":"Reception","site":"Hamburg","zone":"Europe/Berlin","sla_threshold_seconds":30,"short_abandon_seconds":5}` + "\n"
	if out != want {
		t.Errorf("got  %swant %s", out, want)
	}
	set("--zone", "")
	ask(t, later, "rollup", "--all", "--since", "2018-11-01", "--data", data)
	if out := ask(t, later, "device", "list", "--data", data); !strings.Contains(out, "(+08:00)") || !strings.Contains(out, "Hamburg") {
		t.Error(out)
	}
}

func TestServeRollsUpByItself(t *testing.T) {
	data := vendorData(t)
	at, _ := time.Parse(time.RFC3339, later)
	var out, errs strings.Builder
	p := &program{t.Context(), &out, &errs, func(string) string { return "" }, func() time.Time { return at }}
	s, err := (&serveCommand{Addr: "127.0.0.1:0", Data: data, BodyTimeout: time.Second}).start(p)
	if err != nil {
		t.Fatal(err)
	}
	refusal := refuse(t, later, "rollup", "--all", "--day", "2018-11-05", "--data", data)
	if !strings.Contains(refusal, "is in use by another pbxctl") {
		t.Error(refusal)
	}
	ask(t, later, "device", "set", "--mac", "68692e0b0001", "--name", "Reception", "--data", data) // while it serves
	day, err := pbx.ParseDay("2018-11-05")
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		header, err := s.store.Header(t.Context(), "68692e0b0001", day)
		if err != nil {
			t.Fatal(err)
		}
		if header.Revision == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing is rolled up: %s", &errs)
		}
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}
