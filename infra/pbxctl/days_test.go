package main

import (
	"strings"
	"testing"

	"trunkline/pkg/ingest"
)

// In Kiritimati it is the 25th while it is noon on the 24th in UTC.
func TestTodayIsThatOfThePBX(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	send(t, data, sent{at: "2026-11-24T11:00:00Z", mac: newPBX, want: ingest.Stored,
		body: "{event:'cc_cdr', uuid:'1795000000.1', queueCode:'630', startTime:'2026-11-25 00:30:00', cdrState:'bridged'}"})
	good(t, "device", "set", string(newPBX), "--zone", "Pacific/Kiritimati", "--new", "--data", data)
	for days, want := range map[string]bool{"today": true, "yesterday": false, "2026-11-25": true, "today..": true, "..yesterday": false} {
		out := good(t, "calls", string(newPBX), "--day", days, "--data", data)
		if found := strings.Contains(out, "1795000000.1"); found != want {
			t.Errorf("calls of %s: found %t, want %t: %s", days, found, want, out)
		}
	}
	if out := good(t, "completeness", string(newPBX), "--day", "today", "--data", data); !strings.Contains(out, "2026-11-25") {
		t.Error(out)
	}
}

func TestNothingToShowOrToComputeIsNoFailure(t *testing.T) {
	t.Parallel()
	data := fleetData(t)
	for command, want := range map[string]string{
		"rollup 68692e0b0002 --day 2018-11-05":           "No day that was asked for has records and has closed.\n",
		"rollup 68692e0b0002 --day 2018-11-05..":         "No day that was asked for has records and has closed.\n",
		"rollup 68692e0b0002 --day 2099-01-01":           "No day that was asked for has records and has closed.\n",
		"rollup --all --day 2018-11-05":                  "No day that was asked for has records and has closed.\n",
		"kpi 68692e0b0002 --day 2099-01-01":              "There are no records of 2099-01-01 of 68692e0b0002.\n",
		"kpi restatements 68692e0b0002 --day 2099-01-01": "There are no records of 2099-01-01 of 68692e0b0002.\n",
		"kpi 68692e0b0002 --day 2099-01-01 --json":       "",
	} {
		if got := good(t, append(strings.Fields(command), "--data", data)...); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}
