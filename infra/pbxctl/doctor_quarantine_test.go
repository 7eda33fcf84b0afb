package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
)

func TestDoctorTellsOfEventsThatWereRefusedOfLate(t *testing.T) {
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
	want := "FAILED  quarantine      3 events of 2 PBXs could not be read, or were another's, since 2026-11-20, most of them (2) because: " +
		`member "uniqueid": is missing or empty, and the event can't be told from others without it: look at them with ` +
		"`pbxctl quarantine list --from 2026-11-20`"
	if code != exitFailed || !strings.Contains(out, want) {
		t.Errorf("exit %d, want %s in\n%s", code, want, out)
	}
	out, _ = examine(t, nil, func() time.Time { return at(t, "2026-11-29T12:00:00Z") }, "doctor", "--data", data)
	if !strings.Contains(out, "ok      quarantine      nothing of the last 7 days is in it\n") {
		t.Errorf("a week later:\n%s", out)
	}
}

func TestDoctorTellsOfEventsThatWereRefusedInAWS(t *testing.T) {
	aws := newFakeAWS(t)
	e := archive.Envelope{MAC: oldPBX, Received: time.Now(), Reason: "line 1, column 1: no", Body: []byte("{")}
	if err := archive.New(aws.objects).Keep(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	out, code := examine(t, nil, time.Now, "doctor", "--stack", "trunkline")
	if failed := failures(out); code != exitFailed || len(failed) != 1 || !strings.Contains(failed[0], "quarantine      1 events of 1 PBXs") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

func TestReasonsAreAlikeButForWhatTheySayOfOneEvent(t *testing.T) {
	for reason, want := range map[string]string{
		`line 2, column 30: member "queueTime": "1e\"9" is not a number from 0 to 9`:                                        `member "queueTime": … is not a number from 0 to 9`,
		`line 1, column 1: '?' stands where an event should`:                                                                `… stands where an event should`,
		`line 1, column 1: '\'' stands where an event should`:                                                               `… stands where an event should`,
		`the body names the MAC 68692e0b0001`:                                                                               `the body names the MAC …`,
		"not recorded: 68692e0b0001-1795507199987-21a713768ec23e1ec76e84a18ae39a85 can't be recorded: line 1, column 2: no": "not recorded: … can't be recorded: no",
	} {
		if got := alike(reason); got != want {
			t.Errorf("%s\nis like %s\nwant    %s", reason, got, want)
		}
	}
}

// many is a quarantine of one object under many names.
type many struct {
	archive.Bucket
	names int
}

func (m many) List(context.Context, string, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range m.names {
			if !yield(fmt.Sprintf("%sdt=2026-11-20/%06d.json", archive.QuarantinePrefix, i), nil) {
				return
			}
		}
	}
}

func (m many) Get(context.Context, string) ([]byte, error) {
	return []byte(`{"mac":"68692e0b0001","reason":"no"}`), nil
}

func TestDoctorLooksAtAPartOfALargeQuarantine(t *testing.T) {
	day, err := pbx.ParseDay("2026-11-20")
	if err != nil {
		t.Fatal(err)
	}
	for names, want := range map[int]string{
		recentAtMost:     "10000 events of 1 PBXs could not be read",
		recentAtMost + 1: "at least 10000 events of 1 PBXs could not be read",
	} {
		r, err := recentlyRefused(t.Context(), many{archivetest.NewMemory(), names}, day)
		if err != nil || !strings.HasPrefix(r.fault().Error(), want) {
			t.Errorf("of %d: %v, %v, want %s", names, r.fault(), err, want)
		}
	}
}
