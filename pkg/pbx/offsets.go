package pbx

import (
	"maps"
	"slices"
	"time"
)

// Offsets counts calls by the offset from UTC that Ahead suggests for each. The zero value has no
// calls.
type Offsets struct{ calls map[time.Duration]int }

// Add adds the result of Ahead for one call.
func (o *Offsets) Add(ahead time.Duration) {
	if o.calls == nil {
		o.calls = map[time.Duration]int{}
	}
	o.calls[min(max(offsetOf(ahead), westernmost-quarter), easternmost+quarter)]++
}

// Calls returns the number of calls.
func (o Offsets) Calls() (calls int) {
	for _, n := range o.calls {
		calls += n
	}
	return calls
}

// Zone returns the zone that InferZone infers from the smallest offset, after leaving out the
// leftOut smallest calls. It is unknown if no call remains.
func (o Offsets) Zone(leftOut int) Zone {
	for _, offset := range slices.Sorted(maps.Keys(o.calls)) {
		if leftOut -= o.calls[offset]; leftOut < 0 {
			return zoneOn(offset)
		}
	}
	return Zone{}
}
