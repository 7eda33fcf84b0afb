package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// keeping runs a command where records are kept for so many days.
func keeping(t *testing.T, days, now string, args ...string) result {
	t.Helper()
	var out, errs strings.Builder
	env := map[string]string{"RECORD_DAYS": days}
	p := newProgram(t.Context(), &out, &errs, func(name string) string { return env[name] }, func() time.Time { return at(t, now) })
	code := p.run(args)
	return result{out.String(), errs.String(), code}
}

func TestCommandsSayOfADayThatItIsSealed(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	const open, sealed = "2018-12-09T23:59:59Z", "2018-12-10T00:00:00Z"
	commands := map[string][]string{
		"rollup":          append([]string{"rollup"}, ofDay(data)...),
		"rollup --since":  {"rollup", "--all", "--day", "2018-11-01..", "--data", data},
		"rollup --json":   append([]string{"rollup", "--json"}, ofDay(data)...),
		"explain":         append([]string{"kpi", "explain", "--queue", "630"}, ofDay(data)...),
		"explain nothing": append([]string{"kpi", "explain", "--queue", "631"}, ofDay(data)...),
		"explain --json":  append([]string{"kpi", "explain", "--queue", "630", "--json"}, ofDay(data)...),
		"completeness":    append([]string{"completeness"}, ofDay(data)...),
		"counted":         append([]string{"completeness", "--json"}, ofDay(data)...),
	}
	says := map[string]string{
		"rollup": "1 day: 1 sealed\n", "rollup --since": "1 day: 1 sealed\n", "rollup --json": `"result":"sealed"`,
		"explain": "2018-11-05 is sealed", "explain nothing": "2018-11-05 is sealed", "explain --json": `"sealed":true`,
		"completeness": "2018-11-05 is sealed", "counted": `"sealed":true`,
	}
	keeping(t, "35", later, commands["rollup"]...)
	for name, command := range commands {
		if got := keeping(t, "35", open, command...); got.code != 0 || strings.Contains(strings.ReplaceAll(got.out, `"sealed":false`, ""), "sealed") {
			t.Errorf("%s, a second before: %+v", name, got)
		}
		for _, days := range []string{"35", "400", ""} { // as it was published, whatever is said since
			if got := keeping(t, days, sealed, command...); got.code != 0 || !strings.Contains(got.out, says[name]) {
				t.Errorf("%s with %q: %+v, want %q", name, days, got, says[name])
			}
		}
	}
}

func TestAReplayMakesOnlyRecordsThatWouldBeThereStill(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	for days, want := range map[string]int{"": 1, "0": 1, "3650": 1, "400": 0} {
		into := filepath.Join(t.TempDir(), "again")
		got := keeping(t, days, "2021-01-01T00:00:00Z", "replay", "--data", data, "--into", into, "--day", "2018-11-05")
		if got.code != 0 {
			t.Fatalf("%+v", got)
		}
		calls := strings.Count(ask(t, "2021-01-01T00:00:00Z", "calls", "68692e0b0001", "--data", into, "--json"), "\n")
		if calls != want {
			t.Errorf("with %q: %d calls, want %d", days, calls, want)
		}
	}
}

func TestABadNumberOfDaysIsToldByEveryCommandThatWorksWithRecords(t *testing.T) {
	t.Parallel()
	data := vendorData(t)
	for _, command := range []string{
		"serve --addr 127.0.0.1:0", "rollup --all --day 2018-11-01..", "kpi 68692e0b0001 --day 2018-11-05", "spill redrive", "live 68692e0b0001",
		"kpi explain 68692e0b0001 --day 2018-11-05 --queue 630", "completeness 68692e0b0001 --day 2018-11-05",
		"replay --into " + t.TempDir() + " --day 2018-11-05", "erase --number 85322361 --yes", "device list",
		"device set 68692e0b0001 --name x", "quarantine release --all", "simulate --seed 1 --pbx 1 --days 1 --first 2018-11-01",
	} {
		got := keeping(t, "34", later, append(strings.Fields(command), "--data", data)...)
		if got.code != exitFailed || strings.Count(got.errs, "\n") != 1 || !strings.Contains(got.errs, "RECORD_DAYS=") {
			t.Errorf("%s: %+v", command, got)
		}
	}
}
