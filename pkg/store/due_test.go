package store

import (
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

func TestKeysOfFiguresAreFrozen(t *testing.T) {
	day := start(t, "2018-11-05 00:00:00").Day()
	for _, c := range []struct {
		got  Key
		want string
	}{
		{seenKey(mac), "68692e0b0001 SEEN"},
		{lastEventKey(mac), "68692e0b0001 HEARD"},
		{markedKey(mac), "68692e0b0001 MARKED"},
		{fleetKey(mac), "FLEET#1 68692e0b0001"},
		{dueKey("68692e0b000f", day), "DUE#f 2018-11-05#68692e0b000f"},
		{headerKey(mac, day), "68692e0b0001 DAY#2018-11-05"},
		{rowKey(mac, day, Row{Scope: ScopePBX}.key(), 0), "68692e0b0001 KPI#2018-11-05#P"},
		{rowKey(mac, day, Row{Scope: ScopeQueue, Name: "63#0"}.key(), 0), "68692e0b0001 KPI#2018-11-05#Q#63%230"},
		{rowKey(mac, day, Row{Scope: ScopeAgent, Name: "801"}.key(), 12), "68692e0b0001 KPI#2018-11-05#A#801#0012"},
		{restatedKey(mac, day, 7), "68692e0b0001 RESTATED#2018-11-05#0000000007"},
	} {
		if got := c.got.PK + " " + c.got.SK; got != c.want || c.got.Check() != nil {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestARecordMakesTheDaysDueThatItChangesAndThatAreOver(t *testing.T) {
	for name, c := range map[string]struct{ zone, start, now, want string }{
		"in time":                                  {"+08:00", "2026-11-23 12:00:00", "2026-11-23T04:01:00Z", ""},
		"a second before midnight":                 {"+08:00", "2026-11-23 12:00:00", "2026-11-23T15:59:59Z", ""},
		"at midnight":                              {"+08:00", "2026-11-23 12:00:00", "2026-11-23T16:00:00Z", "2026-11-23"},
		"a day late":                               {"+08:00", "2026-11-23 12:00:00", "2026-11-24T17:00:00Z", "2026-11-23 2026-11-24"},
		"in the first hours":                       {"+08:00", "2026-11-24 05:59:59", "2026-11-23T22:00:00Z", "2026-11-23"},
		"after them":                               {"+08:00", "2026-11-24 06:00:00", "2026-11-23T22:01:00Z", ""},
		"late, and in the first hours":             {"+08:00", "2026-11-20 01:00:00", "2026-11-23T22:00:00Z", "2026-11-19 2026-11-20 2026-11-21"},
		"a clock that is a little ahead":           {"+08:00", "2026-11-25 08:00:00", "2026-11-23T22:00:00Z", ""},
		"a clock that is days ahead":               {"+08:00", "2026-11-26 08:00:00", "2026-11-23T22:00:00Z", "2026-11-26 2026-11-27"},
		"a day of 25 hours, in its last":           {"Europe/Berlin", "2026-10-25 12:00:00", "2026-10-25T22:59:59Z", ""},
		"a day of 25 hours, over":                  {"Europe/Berlin", "2026-10-25 12:00:00", "2026-10-25T23:00:00Z", "2026-10-25"},
		"a day whose next begins at 01:00":         {"America/Santiago", "2024-09-07 12:00:00", "2024-09-08T04:00:00Z", "2024-09-07"},
		"of a quarter hour":                        {"Asia/Kathmandu", "2026-11-23 12:00:00", "2026-11-23T18:14:59Z", ""},
		"of no known zone, where it may be over":   {"", "2026-11-23 12:00:00", "2026-11-23T10:00:00Z", "2026-11-23"},
		"of no known zone, where it can't be over": {"", "2026-11-23 12:00:00", "2026-11-23T09:59:59Z", ""},
	} {
		var zone pbx.Zone
		if err := zone.UnmarshalText([]byte(c.zone)); err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		began := start(t, c.start)
		var got []string
		for _, day := range dueDays(began, zoneOf(zone, "no-time", began), now) {
			got = append(got, day.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q are due, want %q", name, got, c.want)
		}
	}
}

func TestOfAPBXThatIsNotRegisteredTheRecordTellsTheZone(t *testing.T) {
	began := start(t, "2018-11-05 19:05:31")
	if got := zoneOf(pbx.Zone{}, "1541415929.807", began); got.String() != "+08:00" {
		t.Errorf("inferred %s", got)
	}
	if got := zoneOf(pbx.UTC, "1541415929.807", began); got.String() != "UTC" {
		t.Errorf("registered as UTC, taken for %s", got)
	}
}

func TestALargeTextIsCutBetweenCharacters(t *testing.T) {
	text := strings.Repeat("aé日", 100)
	for size := 3; size < 20; size++ {
		pieces := cut(text, size)
		if strings.Join(pieces, "") != text {
			t.Fatalf("in pieces of %d: %q", size, pieces)
		}
		for _, piece := range pieces {
			if len(piece) > size || piece == "" || strings.ToValidUTF8(piece, "") != piece {
				t.Fatalf("in pieces of %d: %q", size, piece)
			}
		}
	}
}

func TestALogoffHasTheDaysDueOnWhichItsSessionMayHaveBegun(t *testing.T) {
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		event pbx.Event
		zone  pbx.Zone
		want  string
	}{
		"a login in the morning":                 {&pbx.AgentLogin{Sign: pbx.Sign{Agent: "101"}}, pbx.UTC, ""},
		"a logoff in the morning":                {&pbx.AgentLogoff{Sign: pbx.Sign{Agent: "101"}}, pbx.UTC, "2026-11-23"},
		"a logoff in the evening":                {&pbx.AgentLogoff{Sign: pbx.Sign{Agent: "101"}}, pbx.ZoneAt(14 * time.Hour), ""},
		"a logoff of a PBX that may be anywhere": {&pbx.AgentLogoff{Sign: pbx.Sign{Agent: "101"}}, pbx.Zone{}, "2026-11-22 2026-11-23"},
	} {
		var due []string
		for _, day := range changedDays(Origin{MAC: mac, At: at, Zone: c.zone}, c.event, at) {
			due = append(due, day.String())
		}
		if got := strings.Join(due, " "); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
