package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/local"
	"trunkline/pkg/local/server"
	"trunkline/pkg/store"
)

// callAt is a call of a second of a day, by a PBX whose clock stands in UTC.
func callAt(t *testing.T, day string, n int) (uuid, body string) {
	start := at(t, day+"T10:00:00Z").Add(time.Duration(n) * time.Minute)
	uuid = fmt.Sprintf("%d.%d", start.Unix(), n)
	return uuid, fmt.Sprintf("{event:'cc_cdr', uuid:'%s', queueCode:'630', agentCode:'801', callType:'IN', cdrState:'bridged', queueTime:5, talkingTime:60, startTime:'%s'}",
		uuid, start.Format("2006-01-02 15:04:05"))
}

// thirtyFive has a server keep records for 35 days, at a time.
func thirtyFive(t *testing.T, data, now string) *running {
	t.Helper()
	r := &running{}
	r.set(t, now)
	env := map[string]string{"FLEET_KEYS": fleetKeys, "RECORD_DAYS": "35"}
	p := newProgram(t.Context(), &r.log, &r.log, func(name string) string { return env[name] }, func() time.Time { return *r.clock.Load() })
	r.Server = openHere(t, p, data, func(c *server.Config) { c.Schedule = never })
	return r
}

// round does what a server does every hour and minute, and what bodies ask for before, and stops it.
func (r *running) round(t *testing.T, bodies ...string) {
	t.Helper()
	r.Serve()
	for _, body := range bodies {
		if status, answer := ingesttest.Post(t, r.Keys.URL(r.URL, "68692e0b0001", 1), []byte(body)); status != 200 {
			t.Fatal(answer)
		}
	}
	if err := r.Clock.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Maintain(t.Context())
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
}

func TestAClockThatJumpsAheadOnceCostsNoRecord(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var bodies []string
	for n := range 15 {
		day := "2026-11-23"
		if n >= 10 {
			day = "2026-11-24"
		}
		_, body := callAt(t, day, n)
		bodies = append(bodies, body)
	}
	thirtyFive(t, data, "2026-11-24T12:00:00Z").round(t, bodies...)
	thirtyFive(t, data, "2026-11-26T09:00:00Z").round(t)
	_, during := callAt(t, "2026-11-24", 20)
	thirtyFive(t, data, "2028-11-26T10:00:00Z").round(t, during)
	_, late := callAt(t, "2026-11-23", 30)
	thirtyFive(t, data, "2026-11-26T11:00:00Z").round(t, late)
	calls := strings.Count(ask(t, "2026-11-26T12:00:00Z", "calls", demoMAC, "--data", data, "--json"), "\n")
	if calls != 17 {
		t.Errorf("%d calls are left, want 17", calls)
	}
	thirtyFive(t, data, "2026-11-26T12:00:00Z").round(t)
	for day, want := range map[string]string{"2026-11-23": `"offered":11`, "2026-11-24": `"offered":6`} {
		out := ask(t, "2026-11-26T13:00:00Z", "kpi", demoMAC, "--day", day, "--data", data, "--json")
		if !strings.Contains(out, want) {
			t.Errorf("%s: want %s in %s", day, want, out)
		}
	}
}

func TestAClockThatCantBeRightIsReportedUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	thirtyFive(t, data, "2026-11-26T09:00:00Z").round(t)
	const wrong = "2028-11-26T09:00:00Z"
	env := map[string]string{"FLEET_KEYS": fleetKeys}
	jumped := func() time.Time { return at(t, wrong) }
	line := "this machine's clock shows " + wrong + ", and it should be about 2026-11-26T09:00:00Z"
	if out, code := examine(t, env, jumped, "doctor", "--data", data); code != exitFailed || !strings.Contains(out, line) || !strings.Contains(out, "pbxctl doctor clock --accept --data "+data) {
		t.Errorf("doctor: exit %d: %s", code, out)
	}
	if out, code := examine(t, env, jumped, "doctor", "clock", "--data", data); code != exitFailed || !strings.Contains(out, line) {
		t.Errorf("doctor clock: exit %d: %s", code, out)
	}
	if out, code := examine(t, env, jumped, "rollup", "--all", "--day", "2026-11-01..", "--data", data); code != 0 || !strings.Contains(out, line+": this command uses the latter") {
		t.Errorf("rollup: exit %d: %s", code, out)
	}
	if out, code := examine(t, env, jumped, "rollup", "--all", "--day", "2026-11-01..", "--now", wrong, "--data", data); code != 0 || strings.Contains(out, "uses the latter") {
		t.Errorf("rollup at a time that is given: exit %d: %s", code, out)
	}
	if out, code := examine(t, env, jumped, "doctor", "clock", "--accept", "--data", data); code != 0 || out != "The clock is trusted. It shows "+wrong+".\n" {
		t.Errorf("accepted: exit %d: %s", code, out)
	}
	r := thirtyFive(t, data, wrong)
	if got := r.Now(); !got.Equal(at(t, wrong)) {
		t.Errorf("it is %s", got)
	}
	r.round(t)
}

func TestDoctorReportsAnIncompleteHourlyRun(t *testing.T) {
	t.Parallel()
	data := dataOf(t)
	makeKeys(t, data)
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return at(t, "2026-11-26T12:00:00Z") }
	for _, c := range []struct {
		complete bool
		want     string
		code     int
	}{
		{true, "ok      hourly run      the last one was complete, and ended at 2026-11-26T11:00:00Z\n", 0},
		{false, "FAILED  hourly run      the last one, which ended at 2026-11-26T11:00:00Z, was incomplete: permission denied: look at the log", exitFailed},
	} {
		table, err := local.OpenTable(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		run := store.HourlyRun{Ended: at(t, "2026-11-26T11:00:00Z"), Complete: c.complete, Error: "permission denied"}
		if err := errors.Join(store.New(table, now).KeepHourlyRun(t.Context(), run), table.Close()); err != nil {
			t.Fatal(err)
		}
		if out, code := examine(t, nil, now, "doctor", "--data", data); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("exit %d: %s", code, out)
		}
	}
}

func TestDoctorNamesFilesOfAnotherModeAndCopiesOfKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ check, says string }{
		"archive/raw/x.json": {"owners", "is open to other users: run `sudo chown -R"},
		"fleet-keys-copy":    {"keys", "may be a copy of the fleet keys: move it elsewhere"},
	} {
		data := dataOf(t)
		file := filepath.Join(data, name)
		makeKeys(t, data)
		err := errors.Join(os.Chmod(data, 0o700), os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, nil, 0o644))
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("FAILED  %-15s %s %s", c.check, file, c.says)
		if out, code := examine(t, nil, time.Now, "doctor", "--data", data); code != exitFailed || !strings.Contains(out, want) {
			t.Errorf("exit %d: %s", code, out)
		}
	}
}
