package rollup_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// publishedByFirstRules is a world of days that an earlier version of the program published,
// with other figures.
func publishedByFirstRules(t testing.TB, days int) (w *world, all []pbx.Day) {
	t.Helper()
	w = newWorld("2026-10-01T10:00:00Z")
	for range days {
		at := w.now.Format("2006-01-02")
		record(t, w.store(), w.now, call(at+" 17:59:00", nil))
		all = append(all, day(at))
		w.now = w.now.Add(24 * time.Hour)
	}
	w.hour(t)
	for _, item := range w.table.Items() {
		if !strings.HasPrefix(item.SK, "DAY#") {
			continue
		}
		var header map[string]any
		if err := json.Unmarshal(item.Doc, &header); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"rules", "zone", "settings"} {
			delete(header, name)
		}
		header["hash"] = "of other figures"
		doc, err := json.Marshal(header)
		if err == nil {
			err = w.table.Delete(t.Context(), item.Key, store.Condition{})
		}
		if err == nil {
			err = w.table.Put(t.Context(), store.Item{Key: item.Key, Version: item.Version, Doc: doc}, store.Condition{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, item := range w.table.Items() {
		if strings.HasPrefix(item.SK, "CHECKED") {
			if err := w.table.Delete(t.Context(), item.Key, store.Condition{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return w, all
}

// restated are the causes for which a day's figures were replaced.
func (w *world) restated(t testing.TB, d pbx.Day) (causes []store.Cause) {
	t.Helper()
	for r, err := range w.store().Restatements(t.Context(), mac, d) {
		if err != nil {
			t.Fatal(err)
		}
		causes = append(causes, r.Causes...)
	}
	return causes
}

func TestDaysThatEarlierRulesPublishedAreComputedAgainAndSayWhy(t *testing.T) {
	w, days := publishedByFirstRules(t, 30)
	var hours []int
	for range 5 {
		w.now = w.now.Add(time.Hour)
		again := 0
		for _, result := range w.hour(t) {
			if result == rollup.Published {
				again++
			}
		}
		hours = append(hours, again)
	}
	if want := []int{12, 12, 6, 0, 0}; !slices.Equal(hours, want) {
		t.Errorf("days computed again by the hour: %v, want %v", hours, want)
	}
	for _, d := range days {
		if got := w.restated(t, d); !slices.Equal(got, []store.Cause{store.CauseRuleChanged}) {
			t.Errorf("%s is restated for %q", d, got)
		}
		w.check(t, d)
	}
}

func TestDaysAreComputedAgainAfterTheirZoneIsSet(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	record(t, w.store(), w.now, call("2026-11-22 17:59:00", func(c *pbx.CallRecord) { c.UUID = "call-7" }))
	w.hour(t)
	if err := w.store().SetDevice(t.Context(), mac, store.Device{Zone: zone("Asia/Shanghai")}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	results := w.hour(t)
	if got := fmt.Sprint(results[rollup.Task{MAC: mac, Day: day("2026-11-22")}]); got != string(rollup.Published) {
		t.Errorf("the day is %s: %v", got, results)
	}
	if got := w.restated(t, day("2026-11-22")); !slices.Equal(got, []store.Cause{store.CauseSettingChanged}) {
		t.Errorf("restated for %q", got)
	}
	w.now = w.now.Add(time.Hour)
	if results := w.hour(t); len(results) != 0 {
		t.Errorf("and again: %v", results)
	}
}
