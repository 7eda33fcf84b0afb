package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trunkline/infra/fleet"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
)

// rested is a world in which one push of one PBX was acknowledged, and the archive has some lines.
func rested(t *testing.T, lines ...string) *world {
	t.Helper()
	w := newWorld(settings{}, t.TempDir())
	folder := filepath.Join(local.ArchivePath(w.data), "raw", "kind=cc_cdr", "dt=2026-11-24")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "all.ndjson"), []byte(strings.Join(append(lines, ""), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	w.erasable = &erasable{}
	w.fleet = []*honest{{pbx: fleet.PBX{MAC: "020000000001"}, acked: []fleet.Delivery{{Body: []byte("{event:'hangup', uniqueid:'1'}")}}}}
	return w
}

const archived = `{"id":"a","mac":"020000000001","received":"2026-11-24T10:00:00Z","body":"{event:'hangup', uniqueid:'1'}"}`

func TestWhatIsLostOrArchivedTwiceIsReported(t *testing.T) {
	other := strings.Replace(archived, "020000000001", "020000000002", 1)
	for _, c := range []struct {
		name, want string
		lines      []string
	}{
		{"it is there", "", []string{archived}},
		{"sent again, and archived at another time", "", []string{archived, strings.Replace(archived, `"a"`, `"b"`, 1)}},
		{"it is not there", "acknowledged, and not archived", nil},
		{"it is another PBX's", "acknowledged, and not archived", []string{other}},
		{"it is there twice", "archived twice under one id", []string{archived, archived}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := rested(t, c.lines...)
			all, err := readRaw(local.ArchivePath(w.data))
			if err != nil {
				t.Fatal(err)
			}
			w.checkRaw(all)
			if err := w.faults.err(); (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, not %q", err, c.want)
			}
		})
	}
}

func TestARecordTooManyOrTooFewIsReported(t *testing.T) {
	w := newWorld(settings{}, t.TempDir())
	w.compareRecords("020000000001", map[string]int{"CALL#1": 1, "CALL#2": 2}, map[string]int{"CALL#1": 1, "CALL#2": 2})
	if err := w.faults.err(); err != nil {
		t.Error(err)
	}
	w.compareRecords("020000000001", map[string]int{"CALL#1": 1}, map[string]int{"CALL#1": 2})
	w.compareRecords("020000000001", nil, map[string]int{"CALL#3": 1})
	if got := w.faults.times; got["acknowledged events and records differ"] != 1 || got["recorded, and never sent"] != 1 {
		t.Error(w.faults.err())
	}
}

func TestAnErasedNumberThatIsLeftIsReported(t *testing.T) {
	w := rested(t, "{'caller':'0049"+number(3)+"', 'other':'"+number(4)+"'}")
	w.erasable.erased = []int{4}
	w.checkErased()
	if err := w.faults.err(); err == nil || !strings.Contains(err.Error(), number(4)) || strings.Contains(err.Error(), number(3)) {
		t.Error(err)
	}
}

func TestOfARecordEachContentCounts(t *testing.T) {
	call := pbx.CallRecord{UUID: "1.1", Start: pbx.LocalTimeOf(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC))}
	other := call
	other.TalkingTime = pbx.IntOf(5)
	p := honest{pbx: fleet.PBX{Zone: pbx.UTC}, acked: []fleet.Delivery{{Events: []pbx.Event{&call, &call}}, {Events: []pbx.Event{&other, &pbx.Hangup{}}}}}
	if got := p.wanted(); len(got) != 1 || got["CALL#2026-11-24T10:00:00#1.1"] != 2 {
		t.Error(got)
	}
}
