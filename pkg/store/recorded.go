package store

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// RecordedDays yields the days of a span on which any record of a PBX began, by the clock of its
// zone. They are in order and unique within each kind of record. A record whose beginning can't be
// read is an *each.Bad. Any other error ends the sequence.
func (s *Store) RecordedDays(ctx context.Context, mac pbx.MAC, zone pbx.Zone, span Span) iter.Seq2[pbx.Day, error] {
	return each.Join(s.daysByKind(ctx, mac, zone, span)...)
}

// daysByKind returns the days of RecordedDays, a sequence for each kind of record.
func (s *Store) daysByKind(ctx context.Context, mac pbx.MAC, zone pbx.Zone, span Span) (kinds []iter.Seq2[pbx.Day, error]) {
	for _, prefix := range []string{callPrefix, cdrPrefix, ivrPrefix} {
		for _, inUTC := range []bool{false, true} {
			kinds = append(kinds, s.recordedDays(ctx, mac, timed(prefix, inUTC), clockOf(zone, inUTC), span))
		}
	}
	return append(kinds, s.signDays(ctx, mac, zone.Or(pbx.UTC), span))
}

// FirstRecordedDay returns the earliest of RecordedDays; unknown if there is no day. It skips
// records whose beginning can't be read, which RecordedDays reports.
func (s *Store) FirstRecordedDay(ctx context.Context, mac pbx.MAC, zone pbx.Zone, span Span) (first pbx.Day, err error) {
	for _, days := range s.daysByKind(ctx, mac, zone, span) {
		day, err := firstOf(days)
		if err != nil {
			return 0, err
		}
		if day != 0 && (first == 0 || day < first) {
			first = day
		}
	}
	return first, nil
}

// firstOf returns the first readable day of a sequence; unknown if there is no such day.
func firstOf(days iter.Seq2[pbx.Day, error]) (pbx.Day, error) {
	for day, err := range days {
		if _, bad := errors.AsType[*each.Bad](err); !bad {
			return day, err
		}
	}
	return 0, nil
}

// signDays yields the days on which logins and logoffs of agents were received.
func (s *Store) signDays(ctx context.Context, mac pbx.MAC, zone pbx.Zone, span Span) iter.Seq2[pbx.Day, error] {
	from, to := time.Unix(0, 0), farFuture
	if span.From != 0 {
		from = zone.Time(span.From)
	}
	if span.To != 0 {
		to = zone.Time(span.To)
	}
	return s.firstDays(ctx, signsOf(mac, from, to), func(i Item) (pbx.Day, string, error) {
		doc, err := factOf[pbx.Sign](i)
		if err != nil {
			return 0, "", err
		}
		day := zone.Local(doc.Received).Day()
		return day, join(signPrefix, millis(zone.End(day))), nil
	})
}

// farFuture is later than any receipt.
var farFuture = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// recordedDays yields the days of one kind of record, whose keys have the times of one clock.
func (s *Store) recordedDays(ctx context.Context, mac pbx.MAC, prefix string, c keyClock, span Span) iter.Seq2[pbx.Day, error] {
	return s.firstDays(ctx, within(mac, prefix, c.keys(span)), func(i Item) (pbx.Day, string, error) {
		start, err := pbx.ParseLocalTime(strings.Split(i.SK, "#")[1])
		if err != nil {
			return 0, "", err
		}
		day := c.local(start).Day()
		return day, join(prefix, c.key((day + 1).Start()).String()), nil
	})
}

// firstDays yields the days of a range of items. dayOf returns the day of an item, and the sort key
// at which the next day begins. An item whose day can't be read is an *each.Bad.
func (s *Store) firstDays(ctx context.Context, r Range, dayOf func(Item) (pbx.Day, string, error)) iter.Seq2[pbx.Day, error] {
	return func(yield func(pbx.Day, error) bool) {
		for r := r; r.To == "" || r.From < r.To; {
			item, found, err := s.first(ctx, r)
			if err != nil || !found {
				if err != nil {
					yield(0, err)
				}
				return
			}
			day, next, err := dayOf(item)
			if err != nil {
				err = &each.Bad{Name: nameOf(item), Err: &Unreadable{[]Item{item}, err}}
			}
			if !yield(day, err) {
				return
			}
			r = r.After(item.SK)
			r.From = max(r.From, next)
		}
	}
}

// keyClock converts between the PBX's clock and the clock whose times are in keys.
type keyClock struct{ zone pbx.Zone } // known: the keys are in UTC

func clockOf(zone pbx.Zone, inUTC bool) keyClock {
	if !inUTC {
		return keyClock{}
	}
	return keyClock{zone.Or(pbx.UTC)}
}

// keys returns a span by the clock of the keys.
func (c keyClock) keys(span Span) Span {
	return Span{c.key(span.From), c.key(span.To)}
}

func (c keyClock) key(t pbx.LocalTime) pbx.LocalTime {
	if t == 0 || !c.zone.Known() {
		return t
	}
	return pbx.LocalTimeOf(c.zone.Time(t))
}

// local returns a key's time by the PBX's clock.
func (c keyClock) local(t pbx.LocalTime) pbx.LocalTime {
	if !c.zone.Known() {
		return t
	}
	return c.zone.FromUTC(t)
}
