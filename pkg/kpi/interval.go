package kpi

import (
	"cmp"
	"slices"
)

// interval is a part of time, in seconds since 1970: from its beginning, until its end.
type interval struct{ from, to int64 }

// compare orders intervals by their beginnings, and those with one beginning by their ends.
func (i interval) compare(other interval) int {
	return cmp.Or(cmp.Compare(i.from, other.from), cmp.Compare(i.to, other.to))
}

func (i interval) seconds() int64 { return max(0, i.to-i.from) }

// within is the part of it that lies in another one; of no length where there is none.
func (i interval) within(other interval) interval {
	from := max(i.from, other.from)
	return interval{from, max(from, min(i.to, other.to))}
}

// covered is how many seconds lie in any of the intervals. It reorders them.
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
