package kpi

import (
	"testing"

	"trunkline/pkg/pbx"
)

func TestOtherThresholdsNeedNoOtherRow(t *testing.T) {
	counts := Counts{
		Outcomes:      Outcomes{Offered: 6, Answered: 3, Abandoned: 3},
		AnsweredWaits: Histogram{{5, 1}, {20, 1}, {40, 1}}, AbandonedWaits: Histogram{{4, 1}, {12, 1}, {30, 1}},
		GaveUpWaits: Histogram{{4, 1}, {12, 1}},
	}
	row := Queue{Tally: Tally{Counts: counts}, Intervals: []Interval{{540, counts}}}
	for _, tt := range []struct {
		thresholds                Thresholds
		within, abandoned, short  int64
		byDefault, excludingShort string
	}{
		{Thresholds{0, 0}, 0, 0, 0, "0", "0"},
		{Thresholds{5, 4}, 1, 1, 0, "1/6", "1/6"},
		{Thresholds{19, 5}, 1, 2, 1, "1/6", "1/5"},
		{Thresholds{20, 12}, 2, 2, 1, "2/6", "2/5"},
		{Thresholds{30, 13}, 2, 3, 2, "2/6", "2/4"},
		{Thresholds{600, 600}, 3, 3, 2, "3/6", "3/4"},
	} {
		f := row.Figures(tt.thresholds, Published{})
		if f.AnsweredWithin != tt.within || f.AbandonedWithin != tt.abandoned || f.ShortAbandoned != tt.short ||
			f.Intervals[0].ShortAbandoned != tt.short {
			t.Errorf("%v: %d and %d within, %d short", tt.thresholds, f.AnsweredWithin, f.AbandonedWithin, f.ShortAbandoned)
		}
		for _, level := range []ServiceLevel{f.ServiceLevel, f.Intervals[0].ServiceLevel} {
			if got := inJSON(level.AnsweredAndAbandoned); got != jsonOf(tt.byDefault) {
				t.Errorf("%v: the service level is %s", tt.thresholds, got)
			}
			if got := inJSON(level.ExcludingShortAbandoned); got != jsonOf(tt.excludingShort) {
				t.Errorf("%v: the service level without short ones is %s", tt.thresholds, got)
			}
		}
	}
}

func TestShortAbandonedFollowsTheSettingOfTheRow(t *testing.T) {
	record := &pbx.CallRecord{
		UUID: "1541415600.1", Queue: "630", Start: worldDay.Start(), CallType: "IN", CDRState: "queue",
		QueueTime: pbx.IntOf(10),
	}
	for threshold, want := range map[int64]int64{0: 0, 10: 0, 11: 1} {
		d := NewDay(testMAC, worldDay, Settings{ShortAbandon: threshold}, testZone)
		d.AddCall(record, Source{})
		rows := allOf(d)
		queue := rows.Queues[0]
		if queue.ShortAbandoned != want || rows.PBX.ShortAbandoned != want || queue.ShortAbandon != threshold {
			t.Errorf("%d s: got %d and %d", threshold, queue.ShortAbandoned, rows.PBX.ShortAbandoned)
		}
	}
}

func TestInputsNameTheRecords(t *testing.T) {
	row := func(hashes ...string) Inputs {
		d := NewDay(testMAC, worldDay, DefaultSettings, testZone)
		for i, hash := range hashes {
			start := worldDay.Start() + pbx.LocalTime(i)
			d.AddCall(&pbx.CallRecord{UUID: "x", Queue: "630", Start: start}, Source{Hash: hash})
		}
		return allOf(d).Queues[0].Inputs
	}
	if row("a", "b") != row("b", "a") {
		t.Error("the order of the records matters")
	}
	got := row("a", "b")
	for _, other := range []Inputs{row("a", "c"), row("a"), row("ab"), row("a", "b", "b"), row("a\nb")} {
		if other.Hash == got.Hash && other.Records == got.Records {
			t.Errorf("%v are the inputs of others, too", got)
		}
	}
	if got.Records != 2 {
		t.Errorf("got %d records", got.Records)
	}
}

func TestEveryIntervalHasItsTime(t *testing.T) {
	for minute, want := range map[int64]string{0: "00:00", 15: "00:15", 555: "09:15", 705: "11:45", 1425: "23:45"} {
		if got := (Interval{Minute: minute}).Start(); got != want {
			t.Errorf("minute %d begins at %s", minute, got)
		}
	}
}

func TestADayIsReadUntilSixOfTheNext(t *testing.T) {
	from, to := Reach(worldDay)
	if got := from.String() + " " + to.String(); got != "2018-11-05T00:00:00 2018-11-06T06:00:00" {
		t.Error(got)
	}
}

func TestTheDayBeforeIsNeededForRecordsBeforeSix(t *testing.T) {
	for _, tt := range []struct {
		name string
		at   pbx.LocalTime
		want bool
	}{
		{"the day before", -1, false},
		{"midnight", 0, true},
		{"05:59:59", 6*3600 - 1, true},
		{"06:00:00", 6 * 3600, false},
		{"the next day, early", 24 * 3600, false},
	} {
		for _, e := range []pbx.Event{
			&pbx.CallRecord{UUID: "x", Start: worldDay.Start() + tt.at},
			&pbx.CDR{UniqueID: "x", Start: worldDay.Start() + tt.at},
		} {
			d := NewDay(testMAC, worldDay, DefaultSettings, testZone)
			add(d, []received{{event: e}}, func(pbx.LocalTime) bool { return true })
			if _, _, got := d.More(); got != tt.want {
				t.Errorf("%s of %s: %t", e.Kind(), tt.name, got)
			}
		}
	}
}
