package fleet

import (
	"reflect"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
)

// troubled is a fleet with everything that may go wrong.
func troubled(t *testing.T) Config {
	return Config{Seed: 1, PBXs: 12, First: day(t, "2026-06-01"), Days: 7, CallsPerDay: 40,
		Zones:      []string{"Europe/Berlin", "America/New_York", "Asia/Kathmandu"},
		Duplicates: 0.05, Late: 0.03, Restated: 0.02,
		Drift: 0.25, PowerCuts: 1. / 12, Outages: 0.4, Arrays: 0.7}
}

// Bodies have the events that Delivery.Events has, alone or in arrays.
func TestBodiesSayTheirEvents(t *testing.T) {
	single, arrays := map[Dialect]int{}, map[Dialect]int{}
	for _, p := range troubled(t).All() {
		for d := range p.Deliveries() {
			body, err := zycoo.Decode(d.Body)
			if err != nil || len(body.Elements) != len(d.Events) {
				t.Fatalf("%d elements, %d events, %v: %s", len(body.Elements), len(d.Events), err, d.Body)
			}
			for i, e := range body.Elements {
				if e.Err != nil || !reflect.DeepEqual(e.Event, d.Events[i]) {
					t.Fatalf("%v: %+v, not %+v", e.Err, e.Event, d.Events[i])
				}
			}
			if body.Array {
				arrays[p.Dialect]++
			} else {
				single[p.Dialect]++
			}
		}
	}
	if len(single) != len(Dialects()) || len(arrays) != len(Dialects())-1 || arrays[Form] > 0 {
		t.Errorf("single events in %v, arrays in %v", single, arrays)
	}
}

// No delivery comes while the line fails, and all of them come afterwards.
func TestWhatTheLineHeldUpComesAfterwards(t *testing.T) {
	smooth := troubled(t)
	smooth.Outages = 0
	outages, held := 0, 0
	for i, p := range troubled(t).All() {
		down := []outage{}
		first := p.config.First - pbx.UTCDay(time.Unix(0, 0)) // since 1970
		for d := range pbx.Day(30) {
			if o := p.outage(int64(first - 1 + d)); !o.to.IsZero() {
				down = append(down, o)
			}
		}
		fails := func(at time.Time) bool {
			for _, o := range down {
				if !at.Before(o.from) && at.Before(o.to) {
					return true
				}
			}
			return false
		}
		events := 0
		for d := range p.Deliveries() {
			if fails(d.At) {
				t.Errorf("%s delivered at %s", p.MAC, d.At)
			}
			events += len(d.Events)
		}
		for d := range smooth.All()[i].Deliveries() {
			if events--; fails(d.At) {
				held++
			}
		}
		if events != 0 {
			t.Errorf("%s: %d events more than on a line that does not fail", p.MAC, events)
		}
		outages += len(down)
	}
	if outages < 10 || held < 100 {
		t.Errorf("%d outages held up %d events", outages, held)
	}
}

// A record is over at the instant at which its PBX's clock, right or wrong, shows its end.
func TestClocksAreOff(t *testing.T) {
	in1970, drifting := 0, map[pbx.MAC]time.Duration{}
	for _, p := range troubled(t).All() {
		for e := range p.Events() {
			r, ok := e.Event.(*pbx.CallRecord)
			if !ok || r.End == 0 {
				continue
			}
			named, ok := pbx.NamedAt(r.UUID)
			if ahead, told := pbx.Ahead(r.UUID, r.Start); !ok || !told || ahead < -12*time.Hour {
				t.Fatalf("%s of %s: %s", r.UUID, r.Start, ahead)
			}
			if named.Year() == 1970 {
				in1970++
				continue
			}
			off := p.Zone.Time(r.End).Sub(e.At.Truncate(time.Second))
			if was, known := drifting[p.MAC]; known && was != off {
				t.Fatalf("%s is ahead by %s, then by %s", p.MAC, was, off)
			}
			drifting[p.MAC] = off
		}
	}
	off := 0
	for mac, ahead := range drifting {
		if ahead != 0 {
			off++
		}
		if ahead.Abs() > 15*time.Minute {
			t.Errorf("%s is ahead by %s", mac, ahead)
		}
	}
	if off != 3 || in1970 < 3 {
		t.Errorf("%d of 12 clocks are off, %d records are of 1970", off, in1970)
	}
}
