package store_test

import (
	"fmt"
	"slices"
	"testing"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// These are the first and the last second that an event may have, and one that earlier versions
// accepted.
var boundaries = []string{"1970-01-01 00:00:00", "2099-12-31 23:59:59", "9999-12-31 23:59:59"}

func TestTheFirstAndTheLastDayAreFoundInEveryRange(t *testing.T) {
	for _, inUTC := range []bool{false, true} {
		for _, zone := range []string{"UTC", "+14:00", "-12:00"} {
			s, _ := memoryStore()
			z, err := pbx.ParseZone(zone)
			if err != nil {
				t.Fatal(err)
			}
			var days []pbx.Day
			for i, start := range boundaries {
				c := call(t, fmt.Sprint(i), start, 0)
				c.InUTC = inUTC
				if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received, Zone: z}, c); err != nil {
					t.Fatal(err)
				}
				days = append(days, c.In(z).Start.Day())
			}
			for i, d := range days {
				for name, span := range map[string]store.Span{
					"the day": store.Days(d, d), "until the day": store.Days(0, d), "from the day on": store.Days(d, 0), "all": {},
				} {
					got := collect(t, s.CallRecords(t.Context(), mac, z, span))
					if !slices.ContainsFunc(got, func(r store.Record[*pbx.CallRecord]) bool { return r.Event.UUID == fmt.Sprint(i) }) {
						t.Errorf("%s in %s, in UTC %t: %s has not the call: %+v", d, zone, inUTC, name, got)
					}
					if got := recordedDays(t, s, z, span); !slices.Contains(got, d) {
						t.Errorf("%s in %s, in UTC %t: not in %v of %s", d, zone, inUTC, got, name)
					}
				}
			}
		}
	}
}

// recordedDays returns the days with records, at most eleven. Tests have ten at most, so eleven show a
// range that does not end.
func recordedDays(t *testing.T, s *store.Store, z pbx.Zone, span store.Span) (all []pbx.Day) {
	t.Helper()
	for d, err := range s.RecordedDays(t.Context(), mac, z, span) {
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, d); len(all) > 10 {
			t.Fatalf("without end: %v", all)
		}
	}
	return all
}

func TestTheFiguresOfTheFirstAndTheLastDayAreFound(t *testing.T) {
	s, _ := memoryStore()
	for _, start := range boundaries {
		c := call(t, "1", start, 0)
		d := c.Start.Day()
		h, err := s.Figures().Claim(t.Context(), mac, d, store.Header{})
		if err == nil {
			_, err = s.Figures().Publish(t.Context(), mac, d, h, store.Header{Hash: "x", Activity: pbx.Begun(c.Start)})
		}
		if err == nil {
			err = s.Figures().MarkClosed(t.Context(), mac, d, received)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Figures().Activity(t.Context(), mac, d, d)
		if err != nil || got != pbx.Begun(c.Start) {
			t.Errorf("%s: calls %+v, %v", d, got, err)
		}
		if m, due, err := s.Figures().Mark(t.Context(), mac, d); !due || m.Day != d || err != nil {
			t.Errorf("%s: due %t, %+v, %v", d, due, m, err)
		}
	}
}
