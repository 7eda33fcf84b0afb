package archive_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
)

var failedAt = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// failures are failed deliveries of some events: as records with the reason of their failure, and as
// they are.
func failures(t *testing.T) (objects map[string][]byte, events []archive.Envelope) {
	t.Helper()
	first, second := archivetest.Envelopes("68692e0b0001", failedAt, 0, 3), archivetest.Envelopes("68692e0b0002", failedAt, 0, 1)
	objects = map[string][]byte{}
	for name, deliveries := range map[string][][]archive.Envelope{"reasons": {first, second}, "raw": {second}} {
		for _, d := range deliveries {
			lines, err := archive.Lines(d)
			if err != nil {
				t.Fatal(err)
			}
			if name == "reasons" {
				lines, err = json.Marshal(map[string]any{"attemptsMade": 4, "errorCode": "S3.AccessDenied", "rawData": lines})
				lines = append(lines, '\n')
			}
			if err != nil {
				t.Fatal(err)
			}
			objects[archive.FailuresPrefix+"kind=hangup/delivery-failed/2026-11-23/"+name] = append(objects[archive.FailuresPrefix+"kind=hangup/delivery-failed/2026-11-23/"+name], lines...)
		}
	}
	return objects, slices.Concat(first, second)
}

// archivedIDs are the IDs of all events in raw/.
func archivedIDs(t *testing.T, b archive.Bucket) (ids []string) {
	t.Helper()
	day := pbx.UTCDay(failedAt)
	for line, err := range (archive.Part{First: day, Last: day}).Lines(context.Background(), b) {
		if err != nil {
			t.Fatal(err)
		}
		receipt, err := archive.ParseReceipt(line.Text)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, receipt.ID)
	}
	slices.Sort(ids)
	return ids
}

func idsOfEvents(events []archive.Envelope) (ids []string) {
	for _, e := range events {
		ids = append(ids, e.ID())
	}
	slices.Sort(ids)
	return ids
}

// Whichever call fails, and whichever write that happened all the same: the next runs archive all
// events once, and leave nothing.
func TestFailedDeliveriesAreArchivedOnceWhateverFails(t *testing.T) {
	objects, events := failures(t)
	failed := 0
	for _, fault := range []archivetest.Fault{archivetest.None, archivetest.Fails, archivetest.FailsButPersisted, archivetest.Throttled} {
		for call := 1; ; call++ {
			b := archivetest.NewMemory()
			for name, body := range objects {
				if err := b.Put(t.Context(), name, body); err != nil {
					t.Fatal(err)
				}
			}
			faulty := archivetest.NewFaulty(b, func(c archivetest.Call) archivetest.Fault {
				if c.N == call {
					return fault
				}
				return archivetest.None
			})
			if _, err := archive.Redeliver(t.Context(), faulty); err != nil {
				failed++
			}
			reached := faulty.Calls() >= call
			if _, err := archive.Redeliver(t.Context(), b); err != nil {
				t.Error(err)
			}
			if got := archivedIDs(t, b); !slices.Equal(got, idsOfEvents(events)) {
				t.Errorf("fault %d at call %d: archived are %q", fault, call, got)
			}
			for name := range b.List(t.Context(), archive.FailuresPrefix, "") {
				t.Errorf("fault %d at call %d: %s is left", fault, call, name)
			}
			if !reached || fault == archivetest.None {
				break
			}
		}
	}
	t.Logf("%d runs failed", failed)
	if failed < 10 {
		t.Errorf("only %d runs have failed", failed)
	}
}

func TestAFailedDeliveryThatHasNoEventsStays(t *testing.T) {
	objects, events := failures(t)
	b := archivetest.NewMemory()
	for name, body := range objects {
		if err := b.Put(t.Context(), name, append([]byte("no JSON\n{\"rawData\":\"bm8=\"}\n"), body...)); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := archive.Redeliver(t.Context(), b); done != 0 || err == nil {
		t.Errorf("%d objects are done, %v", done, err)
	}
	if got := archivedIDs(t, b); !slices.Equal(got, idsOfEvents(events)) {
		t.Errorf("archived are %q", got)
	}
	left := 0
	for range b.List(t.Context(), archive.FailuresPrefix, "") {
		left++
	}
	if left != len(objects) {
		t.Errorf("%d objects are left of %d", left, len(objects))
	}
}
