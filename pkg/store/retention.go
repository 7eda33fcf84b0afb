package store

import (
	"context"
	"iter"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// The bounds of how many days records of calls are kept, unless they are kept forever. Almost all
// late records arrive within LeastDays.
const (
	LeastDays = 35
	MostDays  = 3650
)

const (
	// daysToExpire is how many days after the sealing of its day a record expires. The figures of
	// the next day need it, too, and computing them takes some time.
	daysToExpire = 2
	// lateRecordFor is how long a record is kept at least after its receipt, whatever its day.
	lateRecordFor = 30 * 24 * time.Hour
	// liveFor is how long the legs of a call in progress are kept. extensionLogFor is how long the
	// changes of an extension are kept.
	liveFor         = 24 * time.Hour
	extensionLogFor = 30 * 24 * time.Hour
)

// Keeping sets for how many days after the day of their beginning the Store keeps records of calls;
// 0: forever. It takes LeastDays or more. Older days are sealed: their figures are not computed any
// more.
func (s *Store) Keeping(days int) *Store {
	s.keep = pbx.Day(days)
	return s
}

// expires returns when a record expires; zero: never. start is when it began, by the PBX's clock. The
// result depends on the event and its receipt only, so that a replay gives the same.
func (s *Store) expires(start pbx.LocalTime, o Origin) time.Time {
	if s.keep == 0 {
		return time.Time{}
	}
	if start == 0 {
		start = pbx.LocalTimeOf(o.At.UTC())
	}
	late := expiring(o, lateRecordFor)
	if day := (start.Day() + s.keep + daysToExpire).UTC(); day.After(late) {
		return day
	}
	return late
}

// sealedFrom returns the day from whose beginning, in UTC, a day is sealed; unknown: never. What the
// header says stays valid even if records are now kept for longer: expired ones do not come back.
func (f *Figures) sealedFrom(day pbx.Day, h Header) pbx.Day {
	if f.keep == 0 || h.Sealed != 0 && h.Sealed < day+f.keep {
		return h.Sealed
	}
	return day + f.keep
}

// Sealed reports whether a day with this header is sealed at a time. The first record that its
// figures are made of expires a day after the sealing.
func (f *Figures) Sealed(day pbx.Day, h Header, at time.Time) bool {
	from := f.sealedFrom(day, h)
	return from != 0 && !at.Before(from.UTC())
}

// IsSealed reads the header of a day, and reports whether the day is sealed now.
func (f *Figures) IsSealed(ctx context.Context, mac pbx.MAC, day pbx.Day) (bool, error) {
	now := f.now()
	if now.Before((day + LeastDays).UTC()) {
		return false, nil
	}
	h, err := f.Header(ctx, mac, day)
	return err == nil && f.Sealed(day, h, now), err
}

// Confirm updates the header of a day whose figures were computed again and did not change. It keeps
// what they were computed by, and when the day is sealed.
func (f *Figures) Confirm(ctx context.Context, mac pbx.MAC, day pbx.Day, h Header, b Basis) error {
	next := h
	if next.Sealed, next.Basis = f.sealedFrom(day, h), b; next == h {
		return nil
	}
	_, err := f.putHeader(ctx, mac, day, h, next)
	return err
}

// SealedDays yields, in order, the published days from first to last that are sealed. A header that
// can't be read is an *each.Bad. Any other error ends the sequence.
func (f *Figures) SealedDays(ctx context.Context, mac pbx.MAC, first, last pbx.Day) iter.Seq2[pbx.Day, error] {
	published := f.publishedDays(ctx, headersOf(mac, first, last))
	name := func(d PublishedDay) string { return d.Day.String() }
	return each.Map(ctx, published, name, func(_ context.Context, d PublishedDay) (pbx.Day, error) {
		if !f.Sealed(d.Day, d.Header, f.now()) {
			return 0, each.ErrNone
		}
		return d.Day, nil
	})
}

// expiring returns a time after a receipt, to the second.
func expiring(o Origin, after time.Duration) time.Time {
	return o.At.UTC().Add(after).Truncate(time.Second)
}
