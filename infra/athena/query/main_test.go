package main

import (
	"strings"
	"testing"
)

func TestQueriesArePrinted(t *testing.T) {
	for args, want := range map[string]string{
		"":              "longest_waits\n",
		"--help":        "Usage: query",
		"service_level": "between '2026-10-01' and '2026-10-31'",
		"--first 2026-11-01 --last 2026-11-30 --rows 7 longest_waits": "limit 7;",
		"--archive s3://some-bucket tables":                           "read_parquet('s3://some-bucket/curated/calls/",
		"--archive s3://some-bucket load_by_hour":                     "isodow(",
	} {
		var out strings.Builder
		if err := run(strings.Fields(args), &out); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("query %s: %v: %s", args, err, out.String())
		}
	}
}

func TestWhatIsUnclearIsRefused(t *testing.T) {
	for _, args := range []string{"nothing", "agents staffing", "--first yesterday agents", "--last 2020-01-01 agents", "--archive a*b agents", "--colour", "tables", "--archive a*b tables"} {
		var out strings.Builder
		if err := run(strings.Fields(args), &out); err == nil || out.Len() > 0 {
			t.Errorf("query %s: %v: %s", args, err, out.String())
		}
	}
}
