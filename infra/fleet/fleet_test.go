package fleet

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

func day(t *testing.T, s string) pbx.Day {
	t.Helper()
	d, err := pbx.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// identity returns what identifies an event. It is empty for the kinds that only report a state.
func identity(e pbx.Event) string {
	switch e := e.(type) {
	case *pbx.CallRecord:
		return fmt.Sprint("cc_cdr ", e.UUID, " ", e.Queue, " ", e.Agent, " ", e.Start)
	case *pbx.IVRStep:
		return fmt.Sprint("ivr ", e.UUID, " ", e.IVRID, " ", e.Start)
	case *pbx.CDR:
		return fmt.Sprint("cdr ", e.UniqueID, " ", e.Start, " ", e.Destination)
	case *pbx.DialBegin:
		return fmt.Sprint("dialbegin ", e.UniqueID, " ", e.DestUniqueID)
	case *pbx.DialEnd:
		return fmt.Sprint("dialend ", e.UniqueID, " ", e.DestChannel)
	}
	return ""
}

func TestEventsHappenInOrderAndOnce(t *testing.T) {
	c := Config{Seed: 3, PBXs: 4, First: day(t, "2026-03-25"), Days: 10,
		Zones:       []string{"Europe/Berlin", "Asia/Shanghai"},
		CallsPerDay: 200}
	for _, p := range c.All() {
		var last time.Time
		seen := map[string]bool{}
		for e := range p.Events() {
			if e.At.Before(last) {
				t.Fatalf("%s: %s comes after %s", p.MAC, e.At, last)
			}
			last = e.At
			if id := identity(e.Event); id != "" {
				if seen[id] {
					t.Errorf("%s: two events are %q", p.MAC, id)
				}
				seen[id] = true
			}
		}
		if len(seen) == 0 {
			t.Errorf("%s reports nothing", p.MAC)
		}
	}
}

func TestSameConfigGivesSameBytes(t *testing.T) {
	c := Config{Seed: 5, PBXs: 6, First: day(t, "2026-06-01"), Days: 4, CallsPerDay: 40,
		Duplicates: 0.1, Late: 0.1, Restated: 0.1}
	posts := func(c Config) []byte {
		var b bytes.Buffer
		for _, p := range c.All() {
			for d := range p.Deliveries() {
				fmt.Fprintf(&b, "%s %s %s\n", d.MAC, d.At, d.Body)
			}
		}
		return b.Bytes()
	}
	first := posts(c)
	if !bytes.Equal(first, posts(c)) {
		t.Error("the same config gives other bytes")
	}
	c.Seed++
	if bytes.Equal(first, posts(c)) {
		t.Error("another seed gives the same bytes")
	}
}

// A longer span of days, or a larger fleet, only adds to a smaller one.
func TestDaysDependOnNoOthers(t *testing.T) {
	small := Config{Seed: 5, PBXs: 2, First: day(t, "2026-06-02"), Days: 1, CallsPerDay: 40}
	large := Config{Seed: 5, PBXs: 3, First: day(t, "2026-06-01"), Days: 3, CallsPerDay: 40}
	have := map[string]bool{}
	for e := range large.All()[1].Events() {
		have[string(Body(e.Event, JSON))+e.At.String()] = true
	}
	for e := range small.All()[1].Events() {
		if body := Body(e.Event, JSON); !have[string(body)+e.At.String()] {
			t.Errorf("missing in the larger fleet: %s", body)
		}
	}
}

func TestMACsAreNobodys(t *testing.T) {
	seen := map[pbx.MAC]bool{}
	for _, p := range (Config{PBXs: 300}).All() {
		mac, err := pbx.ParseMAC(string(p.MAC))
		if err != nil || mac != p.MAC || p.MAC[:8] != "02000000" || seen[mac] {
			t.Errorf("MAC %q is not canonical, not locally administered or not its own (%v)", p.MAC, err)
		}
		seen[p.MAC] = true
	}
}

// A PBX writes what its wall clock showed, also in calls during which the clock is set.
func TestTimesAreThoseOfTheWallClock(t *testing.T) {
	for _, test := range []struct{ zone, around string }{
		{"Europe/Berlin", "2026-03-29T01:00:00Z"},       // forward
		{"Europe/Berlin", "2026-10-25T01:00:00Z"},       // back
		{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"}, // back by half an hour
		{"America/Havana", "2026-03-08T05:00:00Z"},      // forward at midnight
		{"Asia/Kathmandu", "2026-06-01T18:15:00Z"},      // not at all
	} {
		t.Run(test.zone+" "+test.around, func(t *testing.T) {
			zone, err := time.LoadLocation(test.zone)
			if err != nil {
				t.Fatal(err)
			}
			around, err := time.Parse(time.RFC3339, test.around)
			if err != nil {
				t.Fatal(err)
			}
			p := Config{PBXs: 1, Zones: []string{test.zone}, CallsPerDay: 100}.All()[0]
			dice := p.dice(1)
			for i := range 1000 {
				began := around.Add(time.Duration(i-800) * time.Second)
				for _, e := range p.call(dice, began, i).events {
					if r, ok := e.Event.(*pbx.CallRecord); ok {
						checkTimes(t, r, e.At.In(zone))
					}
				}
			}
		})
	}
}

// checkTimes compares a record with what the wall clock showed from its uuid's instant until it was
// over.
func checkTimes(t *testing.T, r *pbx.CallRecord, over time.Time) {
	t.Helper()
	shows := func(at time.Time) string { return at.Format("2006-01-02T15:04:05") }
	if r.End != 0 && r.End.String() != shows(over) {
		t.Fatalf("a record that is over at %s says %s", over, r.End)
	}
	named, _ := pbx.NamedAt(r.UUID)
	at := named.In(over.Location())
	for shows(at) != r.Start.String() && at.Before(over) {
		at = at.Add(time.Second)
	}
	if !at.Before(over) {
		t.Fatalf("call %s, over at %s, never saw its start %s", r.UUID, over, r.Start)
	}
}

// A day has 23, 24 or 25 hours, and calls in all of them.
func TestCallsBeginInAllHoursOfTheirDay(t *testing.T) {
	for _, test := range []struct {
		day, zone string
		hours     int
	}{
		{"2026-03-29", "Europe/Berlin", 23},
		{"2026-06-01", "Europe/Berlin", 24},
		{"2026-10-25", "Europe/Berlin", 25},
		{"2011-12-30", "Pacific/Apia", 0},
	} {
		c := Config{Seed: 1, PBXs: 1, First: day(t, test.day), Days: 1, Zones: []string{test.zone}, CallsPerDay: 20000}
		p, hours := c.All()[0], map[time.Time]bool{}
		for call := range p.calls(c.First) {
			hours[call.began.Truncate(time.Hour)] = true
			if p.Zone.Local(call.began).Day() != c.First {
				t.Fatalf("%s: a call begins at %s", test.day, p.Zone.Local(call.began))
			}
		}
		if len(hours) != test.hours {
			t.Errorf("%s has calls in %d hours, want %d", test.day, len(hours), test.hours)
		}
	}
}

func TestZoneCanBeInferredFromRecords(t *testing.T) {
	c := Config{Seed: 2, PBXs: 3, First: day(t, "2026-06-01"), Days: 2, CallsPerDay: 50,
		Zones: []string{"America/New_York", "Asia/Kathmandu", "Asia/Shanghai"}}
	for i, want := range []string{"-04:00", "+05:45", "+08:00"} {
		smallest, delayed := 24*time.Hour, 0
		for e := range c.All()[i].Events() {
			if r, ok := e.Event.(*pbx.CallRecord); ok {
				ahead, ok := pbx.Ahead(r.UUID, r.Start)
				if !ok {
					t.Fatalf("%q has no time", r.UUID)
				}
				smallest = min(smallest, ahead)
				if ahead-smallest > 2*time.Minute {
					delayed++
				}
			}
		}
		if got := pbx.InferZone(smallest).String(); got != want || delayed == 0 {
			t.Errorf("inferred %s, want %s; %d records start minutes after their call", got, want, delayed)
		}
	}
}

func TestWeekHasItsShape(t *testing.T) {
	c := Config{Seed: 9, PBXs: 8, First: day(t, "2026-06-01"), Days: 28, CallsPerDay: 100} // a Monday
	var weekday, weekend, night, morning int
	for _, p := range c.All() {
		for d := range c.Days {
			for call := range p.calls(c.First + pbx.Day(d)) {
				if w := call.began.Weekday(); w == time.Saturday || w == time.Sunday {
					weekend++
				} else {
					weekday++
				}
				switch h := call.began.Hour(); {
				case h < 6:
					night++
				case h == 10:
					morning++
				}
			}
		}
	}
	if average := float64(weekday) / (8 * 20); average < 90 || average > 110 {
		t.Errorf("%.1f calls on a weekday, want about %d", average, c.CallsPerDay)
	}
	if weekend == 0 || weekend*2 > weekday*8/20 || night == 0 || night*5 > morning*4 {
		t.Errorf("weekdays %d, weekends %d, nights %d, 10 to 11 o'clock %d", weekday, weekend, night, morning)
	}
}

func BenchmarkEvents(b *testing.B) {
	c := Config{Seed: 1, PBXs: 1, First: 739000, Days: 1 << 20,
		Zones:       []string{"Europe/Berlin"},
		CallsPerDay: 1000}
	records := 0
	for e := range c.All()[0].Events() {
		if e.Event.Kind() == pbx.KindCallRecord {
			if records++; records == b.N {
				break
			}
		}
	}
}
