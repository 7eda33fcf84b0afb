package erase

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestASummarySaysWhatWasFoundAndWhatStillHasCopies(t *testing.T) {
	var r Report
	r.Add(Finding{Where: "records", Count: 2})
	r.Add(Finding{Where: "archive", Count: 1, Error: "the object is locked"})
	at := time.Date(2026, 11, 24, 13, 0, 0, 0, time.FixedZone("", 3600))
	s := r.Summary(false, true, 4, at)
	if s.Found != 3 || s.Remains != 1 || s.Recomputed != 4 || s.DryRun || s.CompletedAt != "2026-11-24T12:00:00Z" {
		t.Errorf("%+v", s)
	}
	if !slices.ContainsFunc(s.KeptForNow, func(what string) bool { return strings.Contains(what, "point-in-time recovery") }) {
		t.Errorf("in AWS: %q", s.KeptForNow)
	}
	if kept := r.Summary(true, false, 0, at).KeptForNow; len(kept) != 1 || !strings.Contains(kept[0], "copies of the folder") {
		t.Errorf("on one machine: %q", kept)
	}
}
