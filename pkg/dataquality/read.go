package dataquality

import (
	"context"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
)

// PBX is a PBX whose events are read.
type PBX struct {
	MAC    pbx.MAC
	Device store.Device // its settings, by which archived events are decoded
	Clock  pbx.Zone     // of its days
	Zone   pbx.Zone     // as far as it is known
}

// ReadCalls reads the events of a PBX's calls on a day by its clock. Records come from the store;
// the beginnings of calls and the hangups come from the archive. It skips what can't be read in the
// archive, and then returns an *each.Skipped.
func ReadCalls(ctx context.Context, s *store.Store, b archive.Bucket, of PBX, day pbx.Day) (*Calls, error) {
	calls := NewCalls()
	if err := addRecords(ctx, s, of, day, calls); err != nil {
		return nil, err
	}
	l := legs{b, of, of.Clock.End(day - 1), of.Clock.End(day), calls}
	return calls, l.add(ctx)
}

func addRecords(ctx context.Context, s *store.Store, of PBX, day pbx.Day, calls *Calls) error {
	for r, err := range s.CallRecords(ctx, of.MAC, of.Clock, store.Days(day, day)) {
		if err != nil {
			return err
		}
		calls.Add(r.Event)
	}
	for r, err := range s.CDRs(ctx, of.MAC, of.Clock, store.Days(day, day)) {
		if err != nil {
			return err
		}
		calls.Add(r.Event)
	}
	return nil
}

// legs reads from the archive which calls began and ended in a span of time.
type legs struct {
	bucket   archive.Bucket
	of       PBX
	from, to time.Time
	calls    *Calls
}

func (l legs) add(ctx context.Context) error {
	part := archive.Part{
		Kinds: []pbx.Kind{pbx.KindDialBegin, pbx.KindHangup}, First: pbx.UTCDay(l.from), Last: pbx.UTCDay(l.to.Add(-1)), MAC: l.of.MAC,
	}
	lines := each.Loop[archive.Line]{Of: "lines of the day", Name: archive.Line.String}
	return lines.Do(ctx, part.Lines(ctx, l.bucket), func(_ context.Context, line archive.Line) error { return l.addLine(line.Text) })
}

func (l legs) addLine(line []byte) error {
	receipt, err := archive.ParseReceipt(line)
	if err != nil || receipt.Received.Before(l.from) || !receipt.Received.Before(l.to) {
		return err
	}
	event, err := replay.Decode(receipt, l.of.Device)
	if err != nil {
		return err
	}
	l.calls.Add(event)
	return nil
}

// ReadReview checks the records of a PBX in a span of its clock.
func ReadReview(ctx context.Context, s *store.Store, of PBX, span store.Span) (*Review, error) {
	review := NewReview()
	for r, err := range s.CallRecords(ctx, of.MAC, of.Clock, span) {
		if err != nil {
			return nil, err
		}
		review.Add(Record{CallRecord: r.Event, Received: r.Received, Zone: of.Zone})
		review.AddMembers(r.Event, r.Event.UUID)
	}
	for r, err := range s.CDRs(ctx, of.MAC, of.Clock, span) {
		if err != nil {
			return nil, err
		}
		review.AddMembers(r.Event, r.Event.UniqueID)
	}
	for r, err := range s.IVRSteps(ctx, of.MAC, of.Clock, span) {
		if err != nil {
			return nil, err
		}
		review.AddMembers(r.Event, r.Event.UUID)
	}
	return review, nil
}
