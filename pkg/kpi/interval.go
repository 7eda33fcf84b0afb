package kpi

import (
	"cmp"
	"slices"
)

// interval is the time [from, to), in seconds since 1970.
type interval struct{ from, to int64 }

// compare orders intervals by their beginnings, and those with one beginning by their ends.
func (i interval) compare(other interval) int {
	return cmp.Or(cmp.Compare(i.from, other.from), cmp.Compare(i.to, other.to))
}

func (i interval) seconds() int64 { return max(0, i.to-i.from) }

// within returns the part of the interval within another one. It has no length if they do not overlap.
func (i interval) within(other interval) interval {
	from := max(i.from, other.from)
	return interval{from, max(from, min(i.to, other.to))}
}

// covered returns how many seconds lie in any of the intervals. It reorders them.
func covered(all []interval) (seconds int64) {
	slices.SortFunc(all, interval.compare)
	until := int64(0)
	for n, i := range all {
		if n > 0 {
			i.from = max(i.from, until)
		}
		seconds += i.seconds()
		until = max(i.to, i.from)
	}
	return seconds
}

// union is the instants within any of some intervals. It needs little more memory than its result.
type union struct {
	all    []interval
	joined int // how many of the intervals are in order, and don't touch
}

// joinedAtOnce is the least number of intervals that are joined together.
const joinedAtOnce = 256

func (u *union) add(i interval) {
	if i.seconds() == 0 {
		return
	}
	if u.all = append(u.all, i); len(u.all) > 2*u.joined+joinedAtOnce {
		u.join()
	}
}

// join joins intervals that overlap or touch, and sorts them.
func (u *union) join() {
	slices.SortFunc(u.all, interval.compare)
	apart := u.all[:0]
	for _, i := range u.all {
		if n := len(apart); n > 0 && i.from <= apart[n-1].to {
			apart[n-1].to = max(apart[n-1].to, i.to)
		} else {
			apart = append(apart, i)
		}
	}
	u.all, u.joined = apart, len(apart)
}

// within returns how many seconds of another interval the union has.
func (u *union) within(other interval) (seconds int64) {
	if u.joined != len(u.all) {
		u.join()
	}
	first, _ := slices.BinarySearchFunc(u.all, other.from, func(i interval, from int64) int { return cmp.Compare(i.to, from) })
	for _, i := range u.all[first:] {
		if i.from >= other.to {
			break
		}
		seconds += i.within(other).seconds()
	}
	return seconds
}

// instants is a set of seconds since 1970. It needs little more memory than the distinct ones.
type instants struct {
	all     []int64
	ordered int
}

func (s *instants) add(at int64) {
	if s.all = append(s.all, at); len(s.all) > 2*s.ordered+joinedAtOnce {
		s.order()
	}
}

func (s *instants) order() {
	slices.Sort(s.all)
	s.all = slices.Compact(s.all)
	s.ordered = len(s.all)
}

// last returns the last instant in (after, until].
func (s *instants) last(after, until int64) (at int64, ok bool) {
	if s.ordered != len(s.all) {
		s.order()
	}
	n, _ := slices.BinarySearch(s.all, until+1)
	if n == 0 || s.all[n-1] <= after {
		return 0, false
	}
	return s.all[n-1], true
}
