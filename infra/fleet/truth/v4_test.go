package truth

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"trunkline/infra/fleet"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/ingest"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

// received ingests a PBX's deliveries, each at its time. It returns their events and what is stored
// of them.
func received(t *testing.T, p fleet.PBX) (*Records, *store.Store) {
	t.Helper()
	keys, err := token.ParseKeys("k1:anExampleThatSignsNoRealURLsAtAll0123456789")
	if err != nil {
		t.Fatal(err)
	}
	now := p.Begin()
	clock := func() time.Time { return now }
	told, stored := New(p.MAC, p.Zone), store.New(storetest.NewMemory(), clock)
	if err := stored.SetDevice(t.Context(), p.MAC, store.Device{Zone: p.Zone}); err != nil {
		t.Fatal(err)
	}
	in := ingest.New(tokentest.Fixed(keys), stored, archive.NewDirect(archivetest.NewMemory()), archivetest.NewMemory(), clock)
	for d := range p.Deliveries() {
		now = d.At
		admission, _, err := in.Admit(t.Context(), string(d.MAC), keys.Sign(d.MAC, 1).Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if r := in.Receive(t.Context(), admission, ingest.Delivery{Body: d.Body}); r.Err != nil {
			t.Fatalf("%v: %s", r.Err, d.Body)
		}
		for _, e := range d.Events {
			told.Add(e, d.At)
		}
	}
	return told, stored
}

// figures returns rows as JSON, without the members that depend on how records are stored.
func figures(t *testing.T, rows kpi.Rows) string {
	t.Helper()
	rows.PBX.Inputs.Hash = ""
	for i := range rows.Queues {
		rows.Queues[i].Inputs.Hash = ""
	}
	for i := range rows.Agents {
		rows.Agents[i].Inputs.Hash = ""
	}
	text, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// loginSeconds returns how long all agents were logged in.
func loginSeconds(rows kpi.Rows) (sum int64) {
	for _, a := range rows.Agents {
		sum += a.LoginSeconds.Or(0)
	}
	return sum
}

func TestFiguresOfV4AreTheTrueOnes(t *testing.T) {
	first, err := pbx.ParseDay("2026-10-23")
	if err != nil {
		t.Fatal(err)
	}
	c := fleet.Config{Seed: 3, PBXs: 3, First: first, Days: 4, CallsPerDay: 60, V4: 1,
		Zones:      []string{"Europe/Berlin", "Asia/Kathmandu", "America/New_York"},
		Duplicates: 0.1, Late: 0.05, Restated: 0.05, Outages: 0.5, Arrays: 1}
	for _, p := range c.All() {
		told, stored := received(t, p)
		days, loggedIn, legs := map[pbx.Day]bool{}, int64(0), int64(0)
		for want := range told.Rows() {
			day := want.PBX.Day
			read, err := rollup.Read(t.Context(), stored, p.Zone, rollup.Task{MAC: p.MAC, Day: day})
			if err != nil {
				t.Fatal(err)
			}
			got, err := read.Rows()
			if err = errors.Join(err, read.Close()); err != nil {
				t.Fatal(err)
			}
			if got, want := figures(t, got), figures(t, want); got != want {
				t.Errorf("%s, %s: %s\nbut the true figures are %s", p.MAC, day, got, want)
			}
			days[day] = true
			legs += want.PBX.CDR.Calls
			loggedIn += loginSeconds(want)
		}
		for day, err := range stored.RecordedDays(t.Context(), p.MAC, p.Zone, store.Span{}) {
			if err != nil || !days[day] {
				t.Errorf("%s: %s has records, and no true figures (%v)", p.MAC, day, err)
			}
		}
		if loggedIn < 4*8*3600 || legs < 100 {
			t.Errorf("%s: agents were logged in for %d s, and %d calls have legs", p.MAC, loggedIn, legs)
		}
	}
}
