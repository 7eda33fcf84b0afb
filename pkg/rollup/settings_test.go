package rollup_test

import (
	"errors"
	"strings"
	"testing"

	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// set writes an item of the PBX as somebody else might have written it.
func (w *world) set(t *testing.T, sk, doc string) {
	t.Helper()
	item := store.Item{Key: store.Key{PK: string(mac), SK: sk}, Version: "1", Doc: []byte(doc)}
	if err := w.table.Put(t.Context(), item, store.Condition{}); err != nil {
		t.Fatal(err)
	}
}

func TestADayWaitsWhileASettingCannotBeReadThatItIsComputedBy(t *testing.T) {
	for _, doc := range []string{`{"zone":"localtime"}`, `{"sla_threshold_seconds":"20"}`, `{"short_abandon_seconds":[]}`, `{"talk_includes_hold":"yes"}`} {
		t.Run(doc, func(t *testing.T) {
			w := newWorld("2026-11-23T10:00:00Z")
			record(t, w.store(), w.now, call("2026-11-22 10:00:00", nil))
			w.set(t, "DEVICE", doc)
			task := rollup.Task{MAC: mac, Day: day("2026-11-22")}
			_, err := w.rollup().Work(t.Context(), task)
			if !errors.Is(err, store.ErrNotUnderstood) || !strings.Contains(err.Error(), string(mac)) || !strings.Contains(err.Error(), "pbxctl device set") {
				t.Errorf("error %v", err)
			}
			if w.published(t, task.Day) != "" || !strings.Contains(w.due(t), "2026-11-22") {
				t.Errorf("published %s, due %s", w.published(t, task.Day), w.due(t))
			}
			_, err = w.store().ChangeDevice(t.Context(), mac, func(d *store.Device) error {
				*d = store.Device{Zone: zone("+08:00")}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if w.hour(t); w.queue(t, task.Day).Offered != 1 {
				t.Errorf("once it is set again: %s", w.published(t, task.Day))
			}
		})
	}
}

func TestADayIgnoresUnreadableSettingsThatItDoesNotNeed(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	record(t, w.store(), w.now, call("2026-11-22 10:00:00", nil))
	w.set(t, "DEVICE", `{"aliases":"x","disabled":7,"min_generation":"2","name":5,"zone":"+08:00"}`)
	w.set(t, "SEEN", `{"zone":"localtime"}`) // it is used only if no zone was set
	w.hour(t)
	w.check(t, day("2026-11-22"))
	if seen, err := w.store().Seen(t.Context(), mac); err != nil || seen.Zone.String() != "+08:00" {
		t.Errorf("inferred again: %s, %v", seen.Zone, err)
	}
}

func TestADayWaitsWhileTheZoneThatWasLearntCannotBeRead(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	record(t, w.store(), w.now, call("2026-11-22 10:00:00", nil))
	w.set(t, "SEEN", `{"zone":"localtime"}`)
	if _, err := w.rollup().Work(t.Context(), rollup.Task{MAC: mac, Day: day("2026-11-22")}); !errors.Is(err, store.ErrNotUnderstood) {
		t.Error(err)
	}
	setZone(t, w, "+08:00")
	w.hour(t)
	w.check(t, day("2026-11-22"))
}

func TestNoDayIsLookedAtForAZoneThatCannotBeRead(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	record(t, w.store(), w.now, call("2026-11-22 10:00:00", nil))
	setZone(t, w, "+08:00")
	w.hour(t)
	before, err := w.store().Figures().Checked(t.Context(), mac)
	if err != nil {
		t.Fatal(err)
	}
	w.set(t, "DEVICE", `{"zone":"localtime"}`)
	if marked, err := rollup.Recheck(t.Context(), w.store(), mac, w.now); marked != 0 || err != nil {
		t.Error(marked, err)
	}
	if after, err := w.store().Figures().Checked(t.Context(), mac); err != nil || after != before {
		t.Errorf("%+v became %+v, %v", before, after, err)
	}
}
