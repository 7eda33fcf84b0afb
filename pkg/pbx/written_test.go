package pbx_test

import (
	"strings"
	"testing"

	"trunkline/pkg/pbx"
)

func writtenDate(t *testing.T, text string) pbx.Day {
	t.Helper()
	d, err := pbx.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAWrittenDayIsADateOrDependsOnTheClock(t *testing.T) {
	t.Parallel()
	today := writtenDate(t, "2026-11-24")
	for text, want := range map[string]string{
		"2018-11-05": "2018-11-05..2018-11-05", "today": "2026-11-24..2026-11-24", "yesterday": "2026-11-23..2026-11-23",
		"2018-11-05..2018-11-07": "2018-11-05..2018-11-07", "yesterday..today": "2026-11-23..2026-11-24",
		"2026-11-01..": "2026-11-01..", "..yesterday": "..2026-11-23",
		"": "names no day", "..": "names no day", "tomorrow": "is not a day", "2026-11-31": "is not a day", "TODAY": "is not a day",
		"2026-11-01..2026-11-02..2026-11-03": "is not a day", "2026-11-01...2026-11-02": "is not a day",
		"2026-11-02..2026-11-01": "ends before it begins", "today..yesterday": "ends before it begins",
	} {
		var d pbx.WrittenDays
		err := d.UnmarshalText([]byte(text))
		var first, last pbx.Day
		if err == nil {
			first, last, err = d.From(today)
		}
		got := first.String() + ".." + last.String()
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
