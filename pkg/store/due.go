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

// Mark says that a PBX's day is due: its figures have to be computed, perhaps again.
type Mark struct {
	MAC pbx.MAC
	Day pbx.Day
	// At is when the mark was made. The records that made the day due were written before
	// At + markWithin.
	At      time.Time
	version string
}

// markWithin is how long a writer relies on its own mark, and makes no other.
const markWithin = time.Minute

// MarkClosed marks a day as due because it closed at an instant. An existing mark stays. Callers
// must not mark sealed days: see IsSealed.
func (f *Figures) MarkClosed(ctx context.Context, mac pbx.MAC, day pbx.Day, at time.Time) error {
	return f.mark(ctx, mac, day, at, Absent())
}

// markOverdue marks a day as due because one of its records is about to be written. It returns
// false if the day is sealed.
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

// Mark returns the mark of a day; false if the day is not due.
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

// Due yields the marks of all due days of the fleet. A mark that can't be read is an *each.Bad with
// an *Unreadable, which Store.Repair repairs. Any other error ends the sequence.
func (f *Figures) Due(ctx context.Context) iter.Seq2[Mark, error] {
	return decoded(ctx, f.partitions(ctx, duePrefix+"#", "read which days are due"), markOf)
}

// Unmark removes a mark, unless the day was marked again since the mark was read.
func (f *Figures) Unmark(ctx context.Context, m Mark) error {
	err := f.table.Delete(ctx, dueKey(m.MAC, m.Day), Unchanged(m.version))
	return wrap(orThere(err), "remove the mark of %s of %s", m.Day, m.MAC)
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

// changedDays returns the closed days whose figures an event changes if it is written now. A logoff
// also changes the days on which its session may have begun.
func changedDays(o Origin, event pbx.Event, now time.Time) []pbx.Day {
	m := beginning(o, event)
	if _, ok := event.(*pbx.AgentLogoff); ok {
		login := m
		login.start -= pbx.LocalTime(pbx.MaxSession / time.Second)
		all := append(m.changedDays(o.Zone, now), login.changedDays(o.Zone, now)...)
		slices.Sort(all)
		return slices.Compact(all)
	}
	return m.changedDays(o.Zone, now)
}

// changedDays returns the closed days whose figures change by what began at this moment. The zone is
// the one that the operator set.
func (m moment) changedDays(zone pbx.Zone, now time.Time) []pbx.Day {
	switch {
	case m.start == 0:
		return nil
	case !m.inUTC:
		return dueDays(m.start, zoneOf(zone, m.id, m.start), now)
	case zone.Known():
		return dueDays(zone.FromUTC(m.start), zone, now)
	}
	// The PBX's clock may be in any zone.
	west := dueDays(farthestWest.FromUTC(m.start), farthestEast, now)
	all := append(west, dueDays(farthestEast.FromUTC(m.start), farthestEast, now)...)
	slices.Sort(all)
	return slices.Compact(all)
}

// dueDays returns the days whose figures change if a record is written now: those that are over by
// the PBX's clock. If the record claims a day that the clock can't have reached, all its days are.
//
// A record may belong to its own day, or to the day before if it starts in the first hours. It also
// decides which records of the next day belong to its own.
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

// MarkedThrough returns the last day of a PBX up to which all closed days were marked; unknown if
// none was.
func (f *Figures) MarkedThrough(ctx context.Context, mac pbx.MAC) (pbx.Day, error) {
	var doc struct{ Through pbx.Day }
	_, err := f.load(ctx, markedKey(mac), &doc)
	return doc.Through, wrap(err, "read which days of %s are marked", mac)
}

// SetMarkedThrough keeps that all closed days up to the given one were marked, and no later one.
// Marking a day twice does no harm.
func (f *Figures) SetMarkedThrough(ctx context.Context, mac pbx.MAC, day pbx.Day) error {
	doc := map[string]pbx.Day{"through": day}
	err := f.save(ctx, markedKey(mac), ownVersion(millis(f.now())), doc, Condition{})
	return wrap(err, "keep which days of %s are marked", mac)
}
