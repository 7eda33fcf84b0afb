package pbx

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func zone(t *testing.T, name string) Zone {
	t.Helper()
	z, err := ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestADayEndsWhenItsZonesClockHasLeftItForGood(t *testing.T) {
	for _, test := range []struct{ zone, day, end string }{
		{"UTC", "2026-11-23", "2026-11-24T00:00:00Z"},
		{"Asia/Shanghai", "2018-11-05", "2018-11-05T16:00:00Z"},
		{"Asia/Kathmandu", "2026-01-01", "2026-01-01T18:15:00Z"},
		{"Asia/Kolkata", "2026-01-01", "2026-01-01T18:30:00Z"},
		{"Pacific/Chatham", "2026-01-01", "2026-01-01T10:15:00Z"},
		{"America/Los_Angeles", "2026-07-01", "2026-07-02T07:00:00Z"},
		{"Europe/Berlin", "2026-03-28", "2026-03-28T23:00:00Z"},     // the day before has 24 hours,
		{"Europe/Berlin", "2026-03-29", "2026-03-29T22:00:00Z"},     // this one 23,
		{"Europe/Berlin", "2026-10-25", "2026-10-25T23:00:00Z"},     // and this one 25
		{"America/Santiago", "2024-09-07", "2024-09-08T04:00:00Z"},  // midnight does not exist: the clock leaps from 00:00 to 01:00
		{"America/Havana", "2026-10-31", "2026-11-01T04:00:00Z"},    // the hour after midnight comes twice
		{"America/Sao_Paulo", "2018-02-17", "2018-02-18T03:00:00Z"}, // the hour before midnight comes twice
		{"Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00Z"},      // the day after was left out
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"},
		{"+05:45", "2026-01-01", "2026-01-01T18:15:00Z"},
		{"-03:30", "2026-01-01", "2026-01-02T03:30:00Z"},
		{"Europe/Berlin", "1970-01-01", "1970-01-01T23:00:00Z"},
		{"Europe/Berlin", "9999-12-30", "9999-12-30T23:00:00Z"},
	} {
		z := zone(t, test.zone)
		day, err := ParseDay(test.day)
		if err != nil {
			t.Fatal(err)
		}
		end := z.End(day)
		if got := end.Format(time.RFC3339); got != test.end {
			t.Errorf("%s of %s ends at %s, want %s", test.day, test.zone, got, test.end)
		}
		if z.Local(end).Day() <= day || test.zone != "Pacific/Apia" && z.Local(end.Add(-time.Second)).Day() != day {
			t.Errorf("%s of %s: the clock goes from %s to %s", test.day, test.zone, z.Local(end.Add(-time.Second)), z.Local(end))
		}
	}
}

func TestALocalTimeIsAnInstantOfItsZone(t *testing.T) {
	for _, test := range []struct{ zone, local, instant string }{
		{"Asia/Shanghai", "2018-11-05 19:05:31", "2018-11-05T11:05:31Z"},
		{"Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T00:30:00Z"}, // twice: the first
		{"Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25T02:00:00Z"},
		{"Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T01:30:00Z"}, // leapt over
		{"Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29T01:00:00Z"},
		{"-08:00", "2026-01-01 00:00:00", "2026-01-01T08:00:00Z"},
	} {
		local, err := ParseLocalTime(test.local)
		if err != nil {
			t.Fatal(err)
		}
		if got := zone(t, test.zone).Time(local).Format(time.RFC3339); got != test.instant {
			t.Errorf("%s of %s is %s, want %s", test.local, test.zone, got, test.instant)
		}
	}
}

func TestEveryInstantIsToldByItsZonesClock(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "-12:00"} {
		z := zone(t, name)
		for at := time.Date(2024, 1, 1, 0, 7, 0, 0, time.UTC); at.Year() == 2024; at = at.Add(47 * time.Minute) {
			local := z.Local(at)
			// An hour that comes twice counts as its first occurrence.
			if back := z.Time(local); z.Local(back) != local || back.After(at) || at.Sub(back) > time.Hour {
				t.Fatalf("%s: %s shows %s, which is %s", name, at, local, back)
			}
		}
	}
}

func TestALocalTimeThatComesTwiceIsToldByTheEpochOfTheCallsID(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, test := range []struct{ local, id, instant string }{
		{"2026-10-25 02:30:00", "1792888200.1", "2026-10-25T00:30:00Z"},      // named at 02:30 of summer
		{"2026-10-25 02:30:00", "1792891800.1", "2026-10-25T01:30:00Z"},      // at 02:30 of winter
		{"2026-10-25 02:00:30", "pbx1-1792889880.1", "2026-10-25T01:00:30Z"}, // at 02:58 of summer
		{"2026-10-25 02:30:00", "1792888230.1", "2026-10-25T00:30:00Z"},      // the clock was read 30 s before
		{"2026-10-25 02:30:00", "1800000000.1", "2026-10-25T01:30:00Z"},      // a clock that is wrong
		{"2026-10-25 02:30:00", "call-7", "2026-10-25T00:30:00Z"},            // the id says nothing
		{"2026-10-25 03:30:00", "1792888200.1", "2026-10-25T02:30:00Z"},      // comes once
	} {
		local, err := ParseLocalTime(test.local)
		if err != nil {
			t.Fatal(err)
		}
		if got := berlin.TimeOf(local, test.id).Format(time.RFC3339); got != test.instant {
			t.Errorf("%s of %s is %s, want %s", test.local, test.id, got, test.instant)
		}
	}
}

func TestTheRulesOfZonesAreTheProgramsOwnOnEveryMachine(t *testing.T) {
	old := t.TempDir() // whose Mexico City is in Berlin
	if err := os.MkdirAll(filepath.Join(old, "America"), 0o700); err != nil {
		t.Fatal(err)
	}
	rules, err := locationRules("Europe/Berlin")
	if err == nil {
		err = os.WriteFile(filepath.Join(old, "America", "Mexico_City"), rules, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ZONEINFO", old)
	if got := zone(t, "America/Mexico_City").Local(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)).String(); got != "2026-07-01T06:00:00" {
		t.Errorf("the clock in Mexico City shows %s", got)
	}
}

func TestALeapYearsLastDayIsADayInEveryZone(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "Africa/Cairo", "America/New_York", "Australia/Sydney"} {
		z := zone(t, name)
		for year := 2024; year <= 2048; year += 4 {
			eve := DayOf(time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC))
			if got := z.Local(z.End(eve)); got != (eve + 1).Start() {
				t.Errorf("%s: %s ends when the clock shows %s", name, eve, got)
			}
		}
	}
}

func TestAnInvalidZoneIsRefused(t *testing.T) {
	for _, name := range []string{"", "Local", "Mars/Olympus", "Europe", "Europe/", "/Europe/Berlin", ".", "../etc/passwd", "+15:00", "+5:45", "05:45", "+05:60", "UTC+8"} {
		if z, err := ParseZone(name); err == nil || z.Known() {
			t.Errorf("%q is %s", name, z)
		}
	}
	if (Zone{}).Known() || (Zone{}).String() != "" || (Zone{}).Or(UTC) != UTC {
		t.Error("the zero zone is known")
	}
}

func TestTheZoneOfAPBXIsInferredFromItsCalls(t *testing.T) {
	for _, test := range []struct{ id, start, zone string }{
		{"1541415929.807", "2018-11-05 19:05:31", "+08:00"},
		{"pbx1-1541415929.807", "2018-11-05 19:05:31", "+08:00"},
		{"1541415929.807", "2018-11-05 11:04:30", "+00:00"}, // the wall clock was read 59 s before
		{"1541415929.807", "2018-11-05 11:03:28", "-00:15"},
		{"1541415929.807", "2018-11-05 16:55:00", "+05:45"},
		{"1541415929.807", "2018-11-05 03:10:29", "-08:00"}, // five minutes in a menu
		{"1541415929.807", "2018-11-07 03:10:29", ""},       // nowhere on earth
		{"1541415929.807", "1970-01-01 08:00:00", ""},
		{"1541415929", "2018-11-05 19:05:31", ""},
		{"call-7", "2018-11-05 19:05:31", ""},
		{"1541415929.", "2018-11-05 19:05:31", ""},
		{"-1.5", "2018-11-05 19:05:31", ""},
	} {
		start, err := ParseLocalTime(test.start)
		if err != nil {
			t.Fatal(err)
		}
		var got Zone
		if ahead, ok := Ahead(test.id, start); ok {
			got = InferZone(ahead)
		}
		if got.String() != test.zone {
			t.Errorf("%s at %s: %q, want %q", test.id, test.start, got, test.zone)
		}
	}
}

// Some machines have further names beside the database, and copies of it in folders.
func TestAZoneThatOnlyThisMachineKnowsIsRefused(t *testing.T) {
	own := t.TempDir()
	rules, err := locationRules("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin", "Head/Office", "europe/berlin"}
	for _, name := range names {
		path := filepath.Join(own, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, rules, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("ZONEINFO", own)
	for _, name := range names {
		if z, err := ParseZone(name); err == nil || z.Known() {
			t.Errorf("%q is %s", name, z)
		}
	}
}

func TestADirectionIsReadInAnyFirmwaresSpelling(t *testing.T) {
	for text, want := range map[string]Direction{
		"IN": Inbound, "incoming": Inbound, "inbound": Inbound, "In": Inbound,
		"OUT": Outbound, "outgoing": Outbound, "outbound": Outbound,
		"": Internal, "internal": Internal, "Internal": Internal,
		"transfer": UnknownDirection, "inn": UnknownDirection, "0": UnknownDirection,
	} {
		if got := DirectionOf(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
