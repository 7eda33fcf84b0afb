package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/cloud/cloudtest"
	"trunkline/pkg/ingest"
)

func TestDoctorReportsEventsThatWereRefusedLately(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	call := func(seconds, queue string) string {
		return "{event:'cc_cdr', uuid:'1', startTime:'2026-11-20 08:00:00', queueTime:" + seconds + ", queueCode:" + queue + "}"
	}
	send(t, data,
		sent{at: "2026-11-17T23:59:59Z", mac: newPBX, body: "too old", want: ingest.Undecodable},
		sent{at: "2026-11-20T10:00:00Z", mac: oldPBX, body: "{event:'hangup', uniqueid:'1', mac:'68692e0b0009'}", want: ingest.Mismatch},
		sent{at: "2026-11-21T10:00:00Z", mac: oldPBX, body: "[" + call("1", "'630'") + ",\n{event:'hangup'}]", want: ingest.Partial},
		sent{at: "2026-11-22T10:00:00Z", mac: newPBX, body: "{event:'hangup'}", want: ingest.Undecodable},
	)
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	out, code := examine(t, nil, func() time.Time { return at(t, "2026-11-24T12:00:00Z") }, "doctor", "--data", data)
	want := "FAILED  quarantine      3 events of 2 PBXs could not be read, or named another PBX, since 2026-11-20, most of them (2) because: " +
		`member "uniqueid": is missing or empty, and the event can't be told from others without it: look at them with ` +
		"`pbxctl quarantine list --day 2026-11-20..`"
	if code != exitFailed || !strings.Contains(out, want) {
		t.Errorf("exit %d, want %s in\n%s", code, want, out)
	}
	out, _ = examine(t, nil, func() time.Time { return at(t, "2026-11-29T12:00:00Z") }, "doctor", "--data", data)
	if !strings.Contains(out, "ok      quarantine      nothing of the last 7 days is in it\n") {
		t.Errorf("a week later:\n%s", out)
	}
}

func TestDoctorReportsEventsThatWereRefusedInAWS(t *testing.T) {
	aws := cloudtest.New(t)
	e := archive.Envelope{MAC: oldPBX, Received: time.Now(), Reason: "line 1, column 1: no", Body: []byte("{")}
	if err := archive.Keep(t.Context(), aws.Objects, e); err != nil {
		t.Fatal(err)
	}
	out, code := examine(t, nil, time.Now, "doctor", "--stack", "trunkline")
	if failed := failures(out); code != exitFailed || len(failed) != 1 || !strings.Contains(failed[0], "quarantine      1 events of 1 PBXs") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}
