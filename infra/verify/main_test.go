package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// publish writes the figures of some calls as Parquet files, after a change to them.
func publish(t *testing.T, change string) (raw, curated string) {
	all := []receipt{{macOf(1), at, 0, call("1.1", "09:00:00", agent("801"), wait(5), talk(60))}, {macOf(1), at, 1, call("1.2", "09:20:00", wait(4))}}
	raw, curated = keep(t, all), t.TempDir()
	db, err := open(t.Context())
	must(t, err)
	defer db.Close()
	must(t, compute(t.Context(), db, raw, ""))
	for _, table := range published {
		file := filepath.Join(curated, table.name, "dt=2026-10-24", string(macOf(1))+".parquet")
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		script := "create table copy_of as select * from " + table.name + ";"
		if table.name == "queue_kpi" {
			script += change + ";"
		}
		_, err := db.ExecContext(t.Context(), script+"copy copy_of to "+quote(file)+"; drop table copy_of;")
		must(t, err)
	}
	return raw, curated
}

func TestEveryDifferenceIsReported(t *testing.T) {
	for _, test := range []struct{ name, change, want string }{
		{"a count", "update copy_of set offered = 3", "queue_kpi of 020000000001 2026-10-24 630: offered is 3, not 2"},
		{"a ratio", "update copy_of set service_level = service_level + 1e-9", "service_level is 0.500000001, not 0.5"},
		{"a null that is 0", "update copy_of set wrap_up_seconds = 0", "wrap_up_seconds is 0, not null"},
		{"a row too few", "delete from copy_of", `the row is "missing", not "there"`},
		{"a row too many", "insert into copy_of by name select '639' as queue, * exclude (queue) from copy_of", `2026-10-24 639: the row is "there", not "missing"`},
		{"a column that nothing here computes", "alter table copy_of add column occupancy double default 0.5", `occupancy is 0.5, not "a column that can be checked"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw, curated := publish(t, test.change)
			out, code := runWith(t, "--raw", raw, "--curated", curated)
			if code != exitDiffers || !strings.Contains(out, test.want) || !strings.Contains(out, "verify: 1 differences") {
				t.Errorf("code %d: %s", code, out)
			}
		})
	}
}

func TestTheSameFiguresAreNoDifference(t *testing.T) {
	raw, curated := publish(t, "")
	out, code := runWith(t, "--raw", raw, "--curated", curated)
	if code != 0 || !strings.Contains(out, "queue_kpi                  1 rows") {
		t.Errorf("code %d: %s", code, out)
	}
	out, code = runWith(t, "--raw", raw, "--curated", curated, "--json")
	var r report
	if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || len(r.Tables) != len(published) || r.Tables[0].Rows != 1 {
		t.Errorf("code %d, %v: %s", code, err, out)
	}
}

func TestNothingToCompareFails(t *testing.T) {
	raw, curated := publish(t, "")
	for _, test := range []struct {
		name, want string
		args       []string
	}{
		{"no envelopes", "has no envelopes", []string{"--raw", t.TempDir(), "--curated", curated}},
		{"no folder", "no such file", []string{"--raw", filepath.Join(raw, "none"), "--curated", curated}},
		{"nothing published", "differences", []string{"--raw", raw, "--curated", t.TempDir()}},
		{"none of these days", "nothing to compare", []string{"--raw", raw, "--curated", curated, "--last", "2026-10-23"}},
		{"none of those either", "nothing to compare", []string{"--raw", raw, "--curated", curated, "--first", "2026-10-25"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if out, code := runWith(t, test.args...); code != exitDiffers || !strings.Contains(out, test.want) {
				t.Errorf("code %d: %s", code, out)
			}
		})
	}
}

func TestFlags(t *testing.T) {
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"--help", 0, "Example:\n  verify --raw"},
		{"", exitUnclear, "--raw and --curated must be given"},
		{"--raw a", exitUnclear, "--raw and --curated must be given"},
		{"--raw a --curated b c", exitUnclear, `"c" is not a flag`},
		{"--raw a --curated b --last yesterday", exitUnclear, `"yesterday" is not a day`},
		{"--colour", exitUnclear, "-colour"},
	} {
		if out, code := runWith(t, strings.Fields(test.args)...); code != test.code || !strings.Contains(out, test.want) {
			t.Errorf("verify %s: code %d: %s", test.args, code, out)
		}
	}
}
