package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Mark says that a PBX's day is due: its figures are to be computed, or computed again.
type Mark struct {
	MAC pbx.MAC
	Day pbx.Day
	// At is when the records that made the day due may have been written at the latest, but
	// for the time in which a writer relies on an earlier mark.
	At      time.Time
	version string
}

// markWithin is the time in which a writer relies on a mark that it made before.
const markWithin = time.Minute

// MarkClosed marks a day as due since it closed at an instant. A mark that is there already
// stays. Days that are sealed are not to be marked: see IsSealed.
func (s *Store) MarkClosed(ctx context.Context, mac pbx.MAC, day pbx.Day, at time.Time) error {
	return s.mark(ctx, mac, day, at, Absent())
}

// markLate marks a day as due since a record of it is about to be written; false where it
// is sealed.
func (s *Store) markLate(ctx context.Context, mac pbx.MAC, day pbx.Day) (marked bool, err error) {
	at := s.now()
	key := dueKey(mac, day)
	if _, marked := s.lately.Get(key, at); marked {
		return true, nil
	}
	if sealed, err := s.IsSealed(ctx, mac, day); err != nil || sealed {
		return false, err
	}
	if err := s.mark(ctx, mac, day, at, Newer()); err != nil {
		return false, err
	}
	s.lately.Put(key, struct{}{}, at.Add(markWithin))
	return true, nil
}

func (s *Store) mark(ctx context.Context, mac pbx.MAC, day pbx.Day, at time.Time, cond Condition) error {
	doc := map[string]time.Time{"at": at.UTC().Truncate(time.Millisecond)}
	err := s.save(ctx, dueKey(mac, day), ownVersion(millis(at)), doc, cond)
	return wrap(orThere(err), "mark %s of %s as due", day, mac)
}

// Mark returns the mark of a day; false where it is not due.
func (s *Store) Mark(ctx context.Context, mac pbx.MAC, day pbx.Day) (Mark, bool, error) {
	item, err := s.table.Get(ctx, dueKey(mac, day))
	if errors.Is(err, ErrNotFound) {
		return Mark{}, false, nil
	}
	if err != nil {
		return Mark{}, false, fmt.Errorf("read whether %s of %s is due: %w", day, mac, err)
	}
	m, err := markOf(item)
	if err != nil {
		return Mark{}, false, fmt.Errorf("read whether %s of %s is due: %w", day, mac, err)
	}
	return m, true, nil
}

// Due yields the marks of all days that are due, of the whole fleet. A mark that can't be read
// is an *each.Bad with an *Unreadable, which Mend sets right; after any other error it ends.
func (s *Store) Due(ctx context.Context) iter.Seq2[Mark, error] {
	return decoded(ctx, s.partitions(ctx, duePrefix+"#", "read which days are due"), markOf)
}

// Unmark takes a mark away, unless the day was marked again since the mark was read.
func (s *Store) Unmark(ctx context.Context, m Mark) error {
	err := s.table.Delete(ctx, dueKey(m.MAC, m.Day), Unchanged(m.version))
	return wrap(orThere(err), "take the mark of %s of %s away", m.Day, m.MAC)
}

func markOf(i Item) (Mark, error) {
	mac, day, err := markedDay(i)
	if err != nil {
		return Mark{}, err
	}
	var doc struct{ At time.Time }
	if err := unmarshal(i, &doc); err != nil {
		return Mark{}, err
	}
	return Mark{mac, day, doc.At, i.Version}, nil
}

// changedDays are the days whose figures an event changes that is written now. A logoff
// changes those that its session may have begun on, too.
func changedDays(r Receipt, event pbx.Event, now time.Time) []pbx.Day {
	m := beginning(r, event)
	if _, ok := event.(*pbx.AgentLogoff); ok {
		login := m
		login.start -= pbx.LocalTime(pbx.MaxSession / time.Second)
		all := append(m.changedDays(r.Zone, now), login.changedDays(r.Zone, now)...)
		slices.Sort(all)
		return slices.Compact(all)
	}
	return m.changedDays(r.Zone, now)
}

// changedDays are the days of a PBX whose figures are changed by what began then. The zone is
// that which the operator has set.
func (m moment) changedDays(zone pbx.Zone, now time.Time) []pbx.Day {
	switch {
	case m.start == 0:
		return nil
	case !m.inUTC:
		return dueDays(m.start, zoneOf(zone, m.id, m.start), now)
	case zone.Known():
		return dueDays(zone.FromUTC(m.start), zone, now)
	}
	// The PBX's clock may show any time on earth.
	west := dueDays(farthestWest.FromUTC(m.start), farthestEast, now)
	all := append(west, dueDays(farthestEast.FromUTC(m.start), farthestEast, now)...)
	slices.Sort(all)
	return slices.Compact(all)
}

// dueDays are the days of a PBX whose figures a record changes that is written now: those
// that its clock has left; and where the record claims a day that the clock can't have
// reached, that one. The record may belong to its own day, or if it begins in the first
// hours to the day before; and it decides which records of the next day belong to its own.
func dueDays(start pbx.LocalTime, zone pbx.Zone, now time.Time) (due []pbx.Day) {
	first, last := start.Day(), start.Day()+1
	if start.Early() {
		first--
	}
	ahead := zone.Beyond(start.Day(), now)
	for day := first; day <= last; day++ {
		if ahead || !now.Before(zone.End(day)) {
			due = append(due, day)
		}
	}
	return due
}

// MarkedThrough is the last day of a PBX that was marked since it closed, as were all
// before it; unknown where none was.
func (s *Store) MarkedThrough(ctx context.Context, mac pbx.MAC) (pbx.Day, error) {
	var doc struct{ Through pbx.Day }
	_, err := s.load(ctx, markedKey(mac), &doc)
	return doc.Through, wrap(err, "read which days of %s are marked", mac)
}

// SetMarkedThrough keeps that all days until the given one are marked since they closed, and
// no later one. Days that are marked twice do no harm.
func (s *Store) SetMarkedThrough(ctx context.Context, mac pbx.MAC, day pbx.Day) error {
	doc := map[string]pbx.Day{"through": day}
	err := s.save(ctx, markedKey(mac), ownVersion(millis(s.now())), doc, Condition{})
	return wrap(err, "keep which days of %s are marked", mac)
}

// RecordedDays yields the days of a span on which anything that was recorded of a PBX
// began, by the clock of its zone, in their order, each once for each kind of record. A record
// whose beginning can't be read is an *each.Bad; after any other error it ends.
func (s *Store) RecordedDays(ctx context.Context, mac pbx.MAC, zone pbx.Zone, span Span) iter.Seq2[pbx.Day, error] {
	return each.Join(s.daysByKind(ctx, mac, zone, span)...)
}

// daysByKind are the days of RecordedDays, of each kind of record.
func (s *Store) daysByKind(ctx context.Context, mac pbx.MAC, zone pbx.Zone, span Span) (kinds []iter.Seq2[pbx.Day, error]) {
	for _, prefix := range []string{callPrefix, cdrPrefix, ivrPrefix} {
		for _, inUTC := range []bool{false, true} {
			kinds = append(kinds, s.recordedDays(ctx, mac, timed(prefix, inUTC), clockOf(zone, inUTC), span))
		}
	}
	return append(kinds, s.signDays(ctx, mac, zone.Or(pbx.UTC), span))
}

// FirstRecordedDay is the first of RecordedDays; unknown where there is none. It passes over
// records whose beginning can't be read, of which RecordedDays tells.
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

// firstOf is the first day of a sequence that can be read; unknown where there is none.
func firstOf(days iter.Seq2[pbx.Day, error]) (pbx.Day, error) {
	for day, err := range days {
		if _, bad := errors.AsType[*each.Bad](err); !bad {
			return day, err
		}
	}
	return 0, nil
}

// signDays yields the days on which signs of agents were received.
func (s *Store) signDays(ctx context.Context, mac pbx.MAC, zone pbx.Zone, span Span) iter.Seq2[pbx.Day, error] {
	from, to := time.Unix(0, 0), farFuture
	if span.From != 0 {
		from = zone.Time(span.From)
	}
	if span.To != 0 {
		to = zone.Time(span.To)
	}
	return s.firstDays(ctx, signsOf(mac, from, to), func(i Item) (pbx.Day, string, error) {
		doc, err := document[factDoc[pbx.Sign]](i)
		if err != nil {
			return 0, "", err
		}
		day := zone.Local(doc.Received).Day()
		return day, join(signPrefix, millis(zone.End(day))), nil
	})
}

// farFuture is later than any receipt.
var farFuture = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

// recordedDays yields the days of one kind of record, whose keys have times of one clock.
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

// firstDays yields the days of a range of items. dayOf is the day of an item, and the sort key
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

// first is the first item of a range.
func (s *Store) first(ctx context.Context, r Range) (item Item, found bool, err error) {
	r.Limit = 1
	for item, err := range s.query(ctx, r) {
		return item, err == nil, err
	}
	return Item{}, false, nil
}

// keyClock is the clock whose times stand in keys, for who asks by the PBX's own.
type keyClock struct{ zone pbx.Zone } // known: the keys are in UTC

func clockOf(zone pbx.Zone, inUTC bool) keyClock {
	if !inUTC {
		return keyClock{}
	}
	return keyClock{zone.Or(pbx.UTC)}
}

// keys is a span by the clock of the keys.
func (c keyClock) keys(span Span) Span {
	return Span{c.key(span.From), c.key(span.To)}
}

func (c keyClock) key(t pbx.LocalTime) pbx.LocalTime {
	if t == 0 || !c.zone.Known() {
		return t
	}
	return pbx.LocalTimeOf(c.zone.Time(t))
}

// local is a key's time by the PBX's clock.
func (c keyClock) local(t pbx.LocalTime) pbx.LocalTime {
	if !c.zone.Known() {
		return t
	}
	return c.zone.FromUTC(t)
}
