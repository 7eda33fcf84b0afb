package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

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
func (f *Figures) MarkClosed(ctx context.Context, mac pbx.MAC, day pbx.Day, at time.Time) error {
	return f.mark(ctx, mac, day, at, Absent())
}

// markOverdue marks a day as due since a record of it is about to be written; false where it
// is sealed.
func (f *Figures) markOverdue(ctx context.Context, mac pbx.MAC, day pbx.Day) (marked bool, err error) {
	at := f.now()
	key := dueKey(mac, day)
	if _, marked := f.marked.Get(key, at); marked {
		return true, nil
	}
	if sealed, err := f.IsSealed(ctx, mac, day); err != nil || sealed {
		return false, err
	}
	if err := f.mark(ctx, mac, day, at, Newer()); err != nil {
		return false, err
	}
	f.marked.Put(key, struct{}{}, at.Add(markWithin))
	return true, nil
}

func (f *Figures) mark(ctx context.Context, mac pbx.MAC, day pbx.Day, at time.Time, cond Condition) error {
	doc := map[string]time.Time{"at": at.UTC().Truncate(time.Millisecond)}
	err := f.save(ctx, dueKey(mac, day), ownVersion(millis(at)), doc, cond)
	return wrap(orThere(err), "mark %s of %s as due", day, mac)
}

// Mark returns the mark of a day; false where it is not due.
func (f *Figures) Mark(ctx context.Context, mac pbx.MAC, day pbx.Day) (Mark, bool, error) {
	item, err := f.table.Get(ctx, dueKey(mac, day))
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
// is an *each.Bad with an *Unreadable, which Repair sets right; after any other error it ends.
func (f *Figures) Due(ctx context.Context) iter.Seq2[Mark, error] {
	return decoded(ctx, f.partitions(ctx, duePrefix+"#", "read which days are due"), markOf)
}

// Unmark takes a mark away, unless the day was marked again since the mark was read.
func (f *Figures) Unmark(ctx context.Context, m Mark) error {
	err := f.table.Delete(ctx, dueKey(m.MAC, m.Day), Unchanged(m.version))
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
func (f *Figures) MarkedThrough(ctx context.Context, mac pbx.MAC) (pbx.Day, error) {
	var doc struct{ Through pbx.Day }
	_, err := f.load(ctx, markedKey(mac), &doc)
	return doc.Through, wrap(err, "read which days of %s are marked", mac)
}

// SetMarkedThrough keeps that all days until the given one are marked since they closed, and
// no later one. Days that are marked twice do no harm.
func (f *Figures) SetMarkedThrough(ctx context.Context, mac pbx.MAC, day pbx.Day) error {
	doc := map[string]pbx.Day{"through": day}
	err := f.save(ctx, markedKey(mac), ownVersion(millis(f.now())), doc, Condition{})
	return wrap(err, "keep which days of %s are marked", mac)
}
