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
	// offsets is how far the PBX's clock was ahead of UTC, as each of the records tells.
	offsets pbx.Offsets
	// large has a place for each large day that may be computed at once; nil: for all of them.
	large chan struct{}
	// placed says that the day has one.
	placed bool
}

// Compute computes a day of the records as they are now, and publishes nothing. fallback is
// the zone of PBXs of which none is known.
func Compute(ctx context.Context, s *store.Store, fallback pbx.Zone, t Task) (kpi.Rows, error) {
	day, err := Read(ctx, s, fallback, t)
	if err != nil {
		return kpi.Rows{}, err
	}
	defer day.Close()
	return day.Rows()
}

// Read reads a day's records as they are now, to be computed. fallback is the zone of PBXs of
// which none is known. Whoever asks for the day closes it.
func Read(ctx context.Context, s *store.Store, fallback pbx.Zone, t Task) (*kpi.Day, error) {
	d, err := deviceOf(ctx, s, t.MAC, fallback)
	if err != nil {
		return nil, err
	}
	in := &reading{day: kpi.NewDay(t.MAC, t.Day, settings(d.Device), d.zone), from: t.Day.Start()}
	return in.day, in.read(ctx, s, t.MAC, d.zone)
}

// read reads the records that a day's figures are made of. Whoever asks for them closes them.
func (r *Rollup) read(ctx context.Context, t Task, d device, since time.Time) (*reading, error) {
	day := kpi.NewDay(t.MAC, t.Day, settings(d.Device), d.zone).Holding(r.room, r.scratch)
	in := &reading{day: day, from: t.Day.Start(), since: since, large: r.large}
	return in, in.read(ctx, r.store, t.MAC, d.zone)
}

// read reads the day's records. Where it fails, it closes the day.
func (in *reading) read(ctx context.Context, s *store.Store, mac pbx.MAC, zone pbx.Zone) (err error) {
	defer func() {
		if err != nil {
			in.close()
		}
	}()
	from, to := kpi.Reach(in.from.Day())
	for more := true; more; from, to, more = in.day.More() {
		if err := in.add(ctx, s, mac, zone, store.Span{From: from, To: to}); err != nil {
			return err
		}
	}
	return in.addSigns(ctx, s, mac)
}

// close gives free what the day takes.
func (in *reading) close() {
	in.day.Close() // what was computed of it stays
	if in.placed {
		in.placed = false
		<-in.large
	}
}

// queue waits until a large day may be computed.
func (in *reading) queue(ctx context.Context) error {
	if in.placed || in.large == nil || !in.day.Large() {
		return nil
	}
	select {
	case in.large <- struct{}{}:
		in.placed = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (in *reading) add(ctx context.Context, s *store.Store, mac pbx.MAC, zone pbx.Zone, span store.Span) error {
	for c, err := range s.CallRecords(ctx, mac, zone, span) {
		if err != nil {
			return err
		}
		in.day.AddCall(c.Event, sourceOf(c))
		if err := in.queue(ctx); err != nil {
			return err
		}
		if c.Event.Start.Day() == in.from.Day() {
			in.activity = in.activity.Then(pbx.Begun(c.Event.Start))
		}
		if !c.InUTC {
			in.sample(c.Event.UUID, c.Event.Start)
		}
		in.note(store.LateRecord{Kind: c.Kind, ID: c.Event.UUID, Queue: c.Event.Queue, Agent: c.Event.Agent, Start: c.Event.Start, Received: c.Received})
	}
	for c, err := range s.CDRs(ctx, mac, zone, span) {
		if err != nil {
			return err
		}
		in.day.AddCDR(c.Event, sourceOf(c))
		if err := in.queue(ctx); err != nil {
			return err
		}
		if !c.InUTC {
			in.sample(c.Event.UniqueID, c.Event.Start)
		}
		in.note(store.LateRecord{Kind: c.Kind, ID: c.Event.UniqueID, Start: c.Event.Start, Received: c.Received})
	}
	for c, err := range s.IVRSteps(ctx, mac, zone, span) {
		if err != nil {
			return err
		}
		in.day.AddIVRStep(c.Event, sourceOf(c))
		if err := in.queue(ctx); err != nil {
			return err
		}
		if !c.InUTC {
			in.sample(c.Event.UUID, c.Event.Start)
		}
		in.note(store.LateRecord{Kind: c.Kind, ID: c.Event.UUID, Start: c.Event.Start, Received: c.Received})
	}
	return nil
}

func sourceOf[E pbx.Event](r store.Record[E]) kpi.Source {
	return kpi.Source{Hash: r.Hash, Received: r.Received, Index: r.Index}
}

// addSigns adds the logins and logoffs of the day's sessions.
func (in *reading) addSigns(ctx context.Context, s *store.Store, mac pbx.MAC) error {
	from, to := in.day.SignReach()
	for sign, err := range s.Signs(ctx, mac, from, to) {
		if err != nil {
			return err
		}
		in.day.AddSign(kpi.Sign(sign))
		kind := pbx.KindAgentLogoff
		if sign.Login {
			kind = pbx.KindAgentLogin
		}
		in.came(store.LateRecord{Kind: kind, Agent: sign.Agent, Received: sign.At})
	}
	return nil
}

// maxLate is how many late records a restatement names.
const maxLate = 100

// note notes a record of the day, where it came late.
func (in *reading) note(l store.LateRecord) {
	if l.Start >= in.from {
		in.came(l)
	}
}

// came notes what was received, where that was late.
func (in *reading) came(l store.LateRecord) {
	if l.Received.Before(in.since) {
		return
	}
	in.lates++
	if len(in.late) < maxLate {
		in.late = append(in.late, l)
	}
}

// sample notes what a record tells of the PBX's zone.
func (in *reading) sample(id string, start pbx.LocalTime) {
	if ahead, ok := pbx.Ahead(id, start); ok {
		in.offsets.Add(ahead)
	}
}

const (
	// enoughSamples is how many records tell a zone that is believed over an earlier one.
	enoughSamples = 10
	// oneOf is the share of the samples that may be of a clock that was set back: one of ten.
	oneOf = 10
)

// zone is the zone that the records tell, or known where they tell too little. It leaves out
// the lowest tenth of them, rounded down.
func (in *reading) zone(known pbx.Zone) pbx.Zone {
	samples := in.offsets.Calls()
	if known.Known() && samples < enoughSamples {
		return known
	}
	return in.offsets.Zone(samples / oneOf).Or(known)
}
