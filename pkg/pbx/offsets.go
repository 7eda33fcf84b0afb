package pbx

import (
	"maps"
	"slices"
	"time"
)

// Offsets counts what Ahead tells of many calls, by the offset from UTC that each tells of.
// The zero value is that of no calls.
type Offsets struct{ calls map[time.Duration]int }

// Add adds what Ahead tells of a call.
func (o *Offsets) Add(ahead time.Duration) {
	if o.calls == nil {
		o.calls = map[time.Duration]int{}
	}
	o.calls[min(max(offsetOf(ahead), westernmost-quarter), easternmost+quarter)]++
}

// Calls is how many there are.
func (o Offsets) Calls() (calls int) {
	for _, n := range o.calls {
		calls += n
	}
	return calls
}

// Zone is what InferZone makes of the smallest of what was added, without a number of smaller
// ones; unknown where there are no more.
func (o Offsets) Zone(leftOut int) Zone {
	for _, offset := range slices.Sorted(maps.Keys(o.calls)) {
		if leftOut -= o.calls[offset]; leftOut < 0 {
			return zoneOn(offset)
		}
	}
	return Zone{}
}
