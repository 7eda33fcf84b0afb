package rollup

import (
	"context"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// reading is a day's records as they were read.
type reading struct {
	day  *kpi.Day
	from pbx.LocalTime // where the day begins
	// since is when the published figures were computed; late is what was received after.
	since time.Time
	late  []store.LateRecord
	lates int64
	// activity is when the day's calls began.
	activity pbx.Activity
	// ahead is the least that the PBX's clock was ahead of UTC, of so many samples.
	ahead   time.Duration
	samples int
}

// Compute computes a day of the records as they are now, and publishes nothing.
func Compute(ctx context.Context, s *store.Store, t Task) (kpi.Rows, error) {
	d, err := s.Device(ctx, t.MAC)
	if err != nil {
		return kpi.Rows{}, err
	}
	in, err := read(ctx, s, t, d.Zone, settings(d), time.Time{})
	if err != nil {
		return kpi.Rows{}, err
	}
	return in.day.Rows(), nil
}

// read reads the records that a day's figures are made of.
func read(ctx context.Context, s *store.Store, t Task, zone pbx.Zone, set kpi.Settings, since time.Time) (*reading, error) {
	in := &reading{day: kpi.NewDay(t.MAC, t.Day, set), from: t.Day.Start(), since: since}
	from, to := kpi.Reach(t.Day)
	err := in.add(ctx, s, t.MAC, zone, store.Span{From: from, To: to})
	if err == nil && in.day.NeedsDayBefore() {
		err = in.add(ctx, s, t.MAC, zone, store.Days(t.Day-1, t.Day-1))
	}
	return in, err
}

func (in *reading) add(ctx context.Context, s *store.Store, mac pbx.MAC, zone pbx.Zone, span store.Span) error {
	for c, err := range s.CallRecords(ctx, mac, zone, span) {
		if err != nil {
			return err
		}
		in.day.AddCall(c.Event, kpi.Source{Hash: c.Hash, Received: c.Received})
		if c.Event.Start.Day() == in.from.Day() {
			in.activity = in.activity.Then(pbx.Begun(c.Event.Start))
		}
		in.note(store.LateRecord{Kind: c.Kind, ID: c.Event.UUID, Queue: c.Event.Queue, Agent: c.Event.Agent, Start: c.Event.Start, Received: c.Received})
	}
	for c, err := range s.CDRs(ctx, mac, zone, span) {
		if err != nil {
			return err
		}
		in.day.AddCDR(c.Event, kpi.Source{Hash: c.Hash, Received: c.Received})
		in.note(store.LateRecord{Kind: c.Kind, ID: c.Event.UniqueID, Start: c.Event.Start, Received: c.Received})
	}
	for c, err := range s.IVRSteps(ctx, mac, zone, span) {
		if err != nil {
			return err
		}
		in.day.AddIVRStep(c.Event, kpi.Source{Hash: c.Hash, Received: c.Received})
		in.note(store.LateRecord{Kind: c.Kind, ID: c.Event.UUID, Start: c.Event.Start, Received: c.Received})
	}
	return nil
}

// maxLate is how many late records a restatement names.
const maxLate = 100

// note notes what a record tells besides its figures.
func (in *reading) note(l store.LateRecord) {
	if l.Start >= in.from && !l.Received.Before(in.since) {
		in.lates++
		if len(in.late) < maxLate {
			in.late = append(in.late, l)
		}
	}
	if ahead, ok := pbx.Ahead(l.ID, l.Start); ok {
		if in.samples == 0 || ahead < in.ahead {
			in.ahead = ahead
		}
		in.samples++
	}
}

// enoughSamples is how many records tell a zone that is believed over an earlier one.
const enoughSamples = 10

// zone is the zone that the records tell, or known where they tell too little.
func (in *reading) zone(known pbx.Zone) pbx.Zone {
	if in.samples == 0 || known.Known() && in.samples < enoughSamples {
		return known
	}
	return pbx.InferZone(in.ahead).Or(known)
}
