package store

import (
	"context"
	"iter"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// For how many days records of calls are kept, where they are not kept for ever. Within LeastDays
// almost all comes that comes late.
const (
	LeastDays = 35
	MostDays  = 3650
)

const (
	// daysToExpire is how many days after its day is sealed a record expires. The figures of a
	// day are made of records of the day before, too, and are computed for some time.
	daysToExpire = 2
	// lateRecordFor is how long a record is kept that comes late, whatever its day.
	lateRecordFor = 30 * 24 * time.Hour
	// liveFor is how long the legs of a call in progress are kept, and extensionLogFor how long
	// the changes of an extension.
	liveFor         = 24 * time.Hour
	extensionLogFor = 30 * 24 * time.Hour
)

// Keeping has a Store keep the records of calls that it writes for so many days, from LeastDays
// on, after the day on which they began; 0: for ever. Of days that are older nothing is computed
// any more: they are sealed.
func (s *Store) Keeping(days int) *Store {
	s.keep = pbx.Day(days)
	return s
}

// expires is when the record of something expires that began at a time by the PBX's clock; zero:
// never. It follows from the event and its receipt alone, so a replay comes to the same.
func (s *Store) expires(start pbx.LocalTime, r Receipt) time.Time {
	if s.keep == 0 {
		return time.Time{}
	}
	if start == 0 {
		start = pbx.LocalTimeOf(r.At.UTC())
	}
	late := expiring(r, lateRecordFor)
	if day := (start.Day() + s.keep + daysToExpire).UTC(); day.After(late) {
		return day
	}
	return late
}

// sealedFrom is the day from whose beginning in UTC a day is sealed; unknown: never. What was
// so when its figures were published holds though records are kept for longer since: those
// that are gone do not come back.
func (f *Figures) sealedFrom(day pbx.Day, h Header) pbx.Day {
	if f.keep == 0 || h.Sealed != 0 && h.Sealed < day+f.keep {
		return h.Sealed
	}
	return day + f.keep
}

// Sealed tells of a day whether it was sealed at a time, by its header. The first of the records
// that its figures are made of expires a day after.
func (f *Figures) Sealed(day pbx.Day, h Header, at time.Time) bool {
	from := f.sealedFrom(day, h)
	return from != 0 && !at.Before(from.UTC())
}

// IsSealed is Sealed for now, and a day whose header was not read.
func (f *Figures) IsSealed(ctx context.Context, mac pbx.MAC, day pbx.Day) (bool, error) {
	now := f.now()
	if now.Before((day + LeastDays).UTC()) {
		return false, nil
	}
	h, err := f.Header(ctx, mac, day)
	return err == nil && f.Sealed(day, h, now), err
}

// Confirm keeps of a day whose figures stay as they are published what they were computed by,
// and from when on the day is sealed.
func (f *Figures) Confirm(ctx context.Context, mac pbx.MAC, day pbx.Day, h Header, b Basis) error {
	next := h
	if next.Sealed, next.Basis = f.sealedFrom(day, h), b; next == h {
		return nil
	}
	_, err := f.putHeader(ctx, mac, day, h, next)
	return err
}

// SealedDays yields the days from first to last that are sealed, of those whose figures are
// published, in their order. A header that can't be read is an *each.Bad; after any other error
// it ends.
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

// expiring is a time after a receipt, to the second.
func expiring(r Receipt, after time.Duration) time.Time {
	return r.At.UTC().Add(after).Truncate(time.Second)
}
