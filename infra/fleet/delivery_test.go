package fleet

import (
	"math"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
)

func decode(t *testing.T, body []byte) pbx.Event {
	t.Helper()
	got, err := zycoo.Decode(body)
	if err != nil || len(got.Elements) != 1 || got.Elements[0].Err != nil {
		t.Fatalf("decode %s: %v, %+v", body, err, got.Elements)
	}
	return got.Elements[0].Event
}

// version is one content of a record and when it first arrived.
type version struct {
	body  string
	first time.Time
	times int
}

func TestDeliveries(t *testing.T) {
	c := Config{Seed: 4, PBXs: 6, First: day(t, "2026-06-01"), Days: 14, CallsPerDay: 150,
		Duplicates: 0.05, Late: 0.03, Restated: 0.02}
	var records, duplicates, late, restated int
	for _, p := range c.All() {
		over := map[string]Event{}
		events := 0
		for e := range p.Events() {
			events++
			if r, ok := e.Event.(*pbx.CallRecord); ok {
				over[identity(r)] = e
			}
		}
		versions := map[string][]version{}
		posts := 0
		var last time.Time
		for d := range p.Deliveries() {
			posts++
			if !d.At.After(last) || d.At.Truncate(time.Millisecond) != d.At || d.MAC != p.MAC {
				t.Fatalf("%s posted at %s, the one before at %s", d.MAC, d.At, last)
			}
			last = d.At
			r, ok := decode(t, d.Body).(*pbx.CallRecord)
			if !ok {
				continue
			}
			versions[identity(r)] = seen(versions[identity(r)], d)
		}
		records += len(over)
		if len(versions) != len(over) {
			t.Errorf("%d records are over, and %d were delivered", len(over), len(versions))
		}
		extra := 0
		for id, list := range versions {
			first, e := list[0], over[id]
			if first.body != string(Body(e.Event, p.Dialect)) || !first.first.After(e.At) {
				t.Errorf("%s: the first version came at %s: %s", id, first.first, first.body)
			}
			switch after := first.first.Sub(e.At); {
			case after > 5*24*time.Hour || after > time.Minute && after < 24*time.Hour:
				t.Errorf("%s came %s late", id, after)
			case after >= 24*time.Hour:
				late++
			}
			if len(list) > 1 && list[1].first.After(first.first) {
				restated++
			}
			for _, v := range list {
				extra += v.times
			}
			if first.times > 1 {
				duplicates++
			}
			extra--
		}
		if posts != events+extra {
			t.Errorf("%d events, %d of them delivered again, made %d posts", events, extra, posts)
		}
	}
	for _, share := range []struct {
		name string
		n    int
		want float64
	}{{"duplicates", duplicates, c.Duplicates}, {"late", late, c.Late}, {"restated", restated, c.Restated}} {
		if got := float64(share.n) / float64(records); math.Abs(got-share.want) > share.want/5 {
			t.Errorf("%s: %.4f of %d records, want about %.2f", share.name, got, records, share.want)
		}
	}
}

// seen adds a delivery to the versions of its record, in the order of their first arrival.
func seen(list []version, d Delivery) []version {
	for i := range list {
		if list[i].body == string(d.Body) {
			list[i].times++
			return list
		}
	}
	return append(list, version{string(d.Body), d.At, 1})
}

// Without shares every event is delivered once, roughly in the order in which it happened.
func TestPromptDeliveries(t *testing.T) {
	c := Config{Seed: 4, PBXs: 2, First: day(t, "2026-06-01"), Days: 2, CallsPerDay: 100}
	for _, p := range c.All() {
		want := map[string]time.Time{}
		events, posts := 0, 0
		for e := range p.Events() {
			want[string(Body(e.Event, p.Dialect))] = e.At
			events++
		}
		for d := range p.Deliveries() {
			if posts++; d.At.Sub(want[string(d.Body)]) > time.Minute && identity(decode(t, d.Body)) != "" {
				t.Errorf("posted at %s, over at %s: %s", d.At, want[string(d.Body)], d.Body)
			}
		}
		if posts != events {
			t.Errorf("%d posts of %d events", posts, events)
		}
	}
}
