package rollup_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// publishDays publishes the given number of days before the world's own day.
func publishDays(t *testing.T, w *world, days int) (all []pbx.Day) {
	t.Helper()
	today := pbx.UTCDay(w.now)
	for d := today - pbx.Day(days); d < today; d++ {
		record(t, w.store(), w.now, call(d.String()+" 17:59:00", nil))
		all = append(all, d)
	}
	w.hour(t)
	w.now = w.now.Add(5 * time.Minute)
	w.hour(t)
	for _, d := range all {
		w.check(t, d)
	}
	return all
}

// forget makes published days look like those of the first rules, which kept no basis.
func forget(t *testing.T, w *world, days []pbx.Day) {
	t.Helper()
	for _, d := range days {
		h, err := w.store().Figures().Header(t.Context(), mac, d)
		if err == nil {
			err = w.store().Figures().Confirm(t.Context(), mac, d, h, store.Basis{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.store().Figures().SetChecked(t.Context(), mac, store.Checked{Rules: 1, Done: true}); err != nil {
		t.Fatal(err)
	}
}

// byTheseRules returns the days whose figures the present rules computed.
func byTheseRules(t *testing.T, w *world, days []pbx.Day) (all []pbx.Day) {
	t.Helper()
	for _, d := range days {
		h, err := w.store().Figures().Header(t.Context(), mac, d)
		if err != nil {
			t.Fatal(err)
		}
		if h.Rules == kpi.Rules {
			all = append(all, d)
		}
	}
	return all
}

// restated returns the causes for which a day's figures were replaced.
func restated(t *testing.T, w *world, d pbx.Day) (causes []store.Cause) {
	t.Helper()
	for r, err := range w.store().Figures().Restatements(t.Context(), mac, d) {
		if err != nil {
			t.Fatal(err)
		}
		causes = append(causes, r.Causes...)
	}
	return causes
}

func TestDaysThatEarlierRulesPublishedAreComputedAgainAndSayWhy(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	days := publishDays(t, w, 30)
	setZone(t, w, "Asia/Shanghai") // so that the figures change
	forget(t, w, days)
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
		if got := restated(t, w, d); !slices.Equal(got, []store.Cause{store.CauseRuleChanged}) {
			t.Errorf("%s is restated for %q", d, got)
		}
		w.check(t, d)
	}
}

func TestDaysAreComputedAgainOnceAfterTheirZoneIsSet(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	d := publishDays(t, w, 1)[0]
	setZone(t, w, "Asia/Shanghai")
	w.now = w.now.Add(time.Hour)
	if got := w.hour(t)[rollup.Task{MAC: mac, Day: d}]; got != rollup.Published {
		t.Errorf("the day is %s", got)
	}
	if got := restated(t, w, d); !slices.Equal(got, []store.Cause{store.CauseSettingChanged}) {
		t.Errorf("restated for %q", got)
	}
	w.now = w.now.Add(time.Hour)
	if results := w.hour(t); len(results) != 0 {
		t.Errorf("and again: %v", results)
	}
}

func TestNoMoreDaysAreComputedAgainBeforeTheOthersWere(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	forget(t, w, publishDays(t, w, 30))
	for range 3 {
		w.now = w.now.Add(time.Hour)
		if sent := w.schedule(t); len(sent) != 12 {
			t.Errorf("%d days are due", len(sent))
		}
	}
}

func TestSealedDaysStayByTheRulesOfTheirTime(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	w.keep = 40
	days := publishDays(t, w, 3)
	forget(t, w, days)
	w.now = w.now.AddDate(0, 0, 37) // the first day is sealed
	w.hour(t)
	if got := byTheseRules(t, w, days); !slices.Equal(got, days[1:]) {
		t.Errorf("computed again are %v", got)
	}
}

func TestARestatementSaysWhatChanged(t *testing.T) {
	d := day("2026-11-22")
	late := func(t *testing.T, w *world) {
		record(t, w.store(), w.now, call("2026-11-22 18:10:00", nil))
	}
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, w *world)
		want   []store.Cause
	}{
		{"a late record", late, []store.Cause{store.CauseLateRecord}},
		{"a login and a late record", func(t *testing.T, w *world) {
			sign := pbx.Sign{Agent: "801"}
			record(t, w.store(), instant("2026-11-22T10:00:00Z"), &pbx.AgentLogin{Sign: sign})
			record(t, w.store(), w.now, call("2026-11-22 18:10:00", nil))
		}, []store.Cause{store.CauseLateRecord}},
		{"another zone", func(t *testing.T, w *world) { setZone(t, w, "Asia/Shanghai") }, []store.Cause{store.CauseSettingChanged}},
		{"a zone and a late record", func(t *testing.T, w *world) {
			setZone(t, w, "Asia/Shanghai")
			late(t, w)
		}, []store.Cause{store.CauseLateRecord, store.CauseSettingChanged}},
		{"other rules", func(t *testing.T, w *world) {
			setZone(t, w, "Asia/Shanghai") // the first rules did not save the zone of their figures
			forget(t, w, []pbx.Day{d})
		}, []store.Cause{store.CauseRuleChanged}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld("2026-11-23T10:00:00Z")
			publishDays(t, w, 1)
			tt.change(t, w)
			w.hour(t)
			got := restated(t, w, d)
			if !slices.Equal(got, tt.want) {
				t.Errorf("the causes are %q, not %q", got, tt.want)
			}
		})
	}
}

func setZone(t *testing.T, w *world, name string) {
	t.Helper()
	if err := w.store().SetDevice(t.Context(), mac, store.Device{Zone: zone(name)}); err != nil {
		t.Fatal(err)
	}
}

func TestOneOfManyClocksThatWasSetBackDoesNotTellTheZone(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	for i := range 31 {
		record(t, w.store(), w.now, call(fmt.Sprintf("2026-11-22 10:%02d:00", i), func(c *pbx.CallRecord) {
			if i == 15 {
				c.Start, c.End = c.Start-3*60*60, c.End-3*60*60
			}
		}))
	}
	w.hour(t)
	seen, err := w.store().Seen(t.Context(), mac)
	if err != nil || seen.Zone.String() != "+08:00" {
		t.Errorf("learnt is the zone %s, %v", seen.Zone, err)
	}
	if q := w.queue(t, day("2026-11-22")); q.Offered != 31 || q.ClockSuspect != 1 {
		t.Errorf("offered %d, %d suspect", q.Offered, q.ClockSuspect)
	}
}

func TestADayThatTheClockCantHaveReachedIsComputedOnRequestToo(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	record(t, w.store(), w.now, call("2027-11-23 10:00:00", nil))
	task := rollup.Task{MAC: mac, Day: day("2027-11-23")}
	if err := w.rollup().Request(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if got, err := w.rollup().Work(t.Context(), task); got != rollup.Published || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	w.hour(t)
	w.check(t, task.Day)
}

func TestSessionsOfADayWithoutCallsArePublished(t *testing.T) {
	w := newWorld("2026-11-23T10:00:00Z")
	sign := pbx.Sign{Agent: "801"}
	record(t, w.store(), instant("2026-11-22T08:00:00Z"), &pbx.AgentLogin{Sign: sign})
	record(t, w.store(), instant("2026-11-22T12:00:00Z"), &pbx.AgentLogoff{Sign: sign})
	w.hour(t)
	if got, want := w.published(t, day("2026-11-22")), w.expected(t, day("2026-11-22")); got == "" || want == "" {
		t.Errorf("published is %q, computed %q", got, want)
	}
	rows := w.computed(t, day("2026-11-22"))
	if len(rows.Agents) != 1 || rows.Agents[0].LoginSeconds != pbx.IntOf(4*60*60) {
		t.Errorf("the agents' rows are %+v", rows.Agents)
	}
}
