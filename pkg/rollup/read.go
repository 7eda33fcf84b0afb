package rollup

import (
	"context"
	"iter"
	"time"

	"golang.org/x/sync/semaphore"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// reading is a day's records, as they were read.
type reading struct {
	day  *kpi.Day
	from pbx.LocalTime // where the day begins
	// since is when the published figures were computed; late are records that were received
	// later.
	since time.Time
	late  []store.LateRecord
	lates int64
	// activity says when the day's calls began.
	activity pbx.Activity
	// offsets is how far the PBX's clock was ahead of UTC, by each record.
	offsets pbx.Offsets
	// large limits how many large days are computed at once: a slot for each; nil means no limit.
	large *semaphore.Weighted
	// hasSlot says that the day has a slot of large.
	hasSlot bool
}

// Read reads a day's present records, to compute figures from them. fallback is the zone of PBXs
// whose zone is unknown. The caller closes the day.
func Read(ctx context.Context, s *store.Store, fallback pbx.Zone, t Task) (*kpi.Day, error) {
	d, err := deviceOf(ctx, s, t.MAC, fallback)
	if err != nil {
		return nil, err
	}
	in := &reading{day: kpi.NewDay(t.MAC, t.Day, settings(d.Device), d.zone), from: t.Day.Start()}
	return in.day, in.read(ctx, s, t.MAC, d.zone)
}

// read reads the records that a day's figures are made of. The caller closes them.
func (r *Rollup) read(ctx context.Context, t Task, d device, since time.Time) (*reading, error) {
	day := kpi.NewDay(t.MAC, t.Day, settings(d.Device), d.zone).Holding(r.room, r.scratch)
	in := &reading{day: day, from: t.Day.Start(), since: since, large: r.large}
	return in, in.read(ctx, r.store, t.MAC, d.zone)
}

// read reads the day's records. If it fails, it closes the day.
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

// close releases what the day occupies.
func (in *reading) close() {
	in.day.Close() // the computed figures stay valid
	if in.hasSlot {
		in.hasSlot = false
		in.large.Release(1)
	}
}

// awaitSlot waits for a slot if the day is large.
func (in *reading) awaitSlot(ctx context.Context) error {
	if in.hasSlot || in.large == nil || !in.day.Large() {
		return nil
	}
	err := in.large.Acquire(ctx, 1)
	in.hasSlot = err == nil
	return err
}

// add adds the records of a span of time.
func (in *reading) add(ctx context.Context, s *store.Store, mac pbx.MAC, zone pbx.Zone, span store.Span) error {
	if err := addAll(ctx, in, s.CallRecords(ctx, mac, zone, span), in.addCall); err != nil {
		return err
	}
	if err := addAll(ctx, in, s.CDRs(ctx, mac, zone, span), in.addCDR); err != nil {
		return err
	}
	return addAll(ctx, in, s.IVRSteps(ctx, mac, zone, span), in.addIVRStep)
}

// addAll adds records of one kind.
func addAll[E pbx.Event](ctx context.Context, in *reading, records iter.Seq2[store.Record[E], error], add func(store.Record[E])) error {
	for record, err := range records {
		if err != nil {
			return err
		}
		add(record)
		if err := in.awaitSlot(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (in *reading) addCall(r store.Record[*pbx.CallRecord]) {
	c := r.Event
	in.day.AddCall(c, sourceOf(r))
	if c.Start.Day() == in.from.Day() {
		in.activity = in.activity.Then(pbx.Begun(c.Start))
	}
	in.sample(r.InUTC, c.UUID, c.Start)
	in.note(store.LateRecord{Kind: r.Kind, ID: c.UUID, Queue: c.Queue, Agent: c.Agent, Start: c.Start, Received: r.Received})
}

func (in *reading) addCDR(r store.Record[*pbx.CDR]) {
	c := r.Event
	in.day.AddCDR(c, sourceOf(r))
	in.sample(r.InUTC, c.UniqueID, c.Start)
	in.note(store.LateRecord{Kind: r.Kind, ID: c.UniqueID, Start: c.Start, Received: r.Received})
}

func (in *reading) addIVRStep(r store.Record[*pbx.IVRStep]) {
	step := r.Event
	in.day.AddIVRStep(step, sourceOf(r))
	in.sample(r.InUTC, step.UUID, step.Start)
	in.note(store.LateRecord{Kind: r.Kind, ID: step.UUID, Start: step.Start, Received: r.Received})
}

func sourceOf[E pbx.Event](r store.Record[E]) kpi.Source {
	return kpi.Source{Hash: r.Hash, Received: r.Received, Index: r.Index}
}

// addSigns adds the agents' logins and logoffs of the day's sessions.
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
		in.noteLate(store.LateRecord{Kind: kind, Agent: sign.Agent, Received: sign.At})
	}
	return nil
}

// maxLate is how many late records a restatement names.
const maxLate = 100

// note notes a record of the day, if it came late.
func (in *reading) note(l store.LateRecord) {
	if l.Start >= in.from {
		in.noteLate(l)
	}
}

// noteLate notes a record of any day, if it came late.
func (in *reading) noteLate(l store.LateRecord) {
	if l.Received.Before(in.since) {
		return
	}
	in.lates++
	if len(in.late) < maxLate {
		in.late = append(in.late, l)
	}
}

// sample notes which zone a record implies, unless its times are in UTC.
func (in *reading) sample(inUTC bool, id string, start pbx.LocalTime) {
	if inUTC {
		return
	}
	if ahead, ok := pbx.Ahead(id, start); ok {
		in.offsets.Add(ahead)
	}
}

const (
	// minSamples is how many records it takes to change an inferred zone.
	minSamples = 10
	// skipOneIn is the part of the samples, the lowest ones, that may come from a clock that was set back.
	skipOneIn = 10
)

// zone returns the zone that the records imply, or known if there are too few of them. It leaves
// out the lowest tenth of them, rounded down.
func (in *reading) zone(known pbx.Zone) pbx.Zone {
	samples := in.offsets.Calls()
	if known.Known() && samples < minSamples {
		return known
	}
	return in.offsets.Zone(samples / skipOneIn).Or(known)
}
