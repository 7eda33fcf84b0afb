package rollup

import (
	"hash/maphash"
	"trunkline/pkg/curated"
)

// Holding limits the bytes of a day's records of one kind that a Rollup holds in memory.
func (r *Rollup) Holding(room int) *Rollup {
	r.room = room
	return r
}

// TakeTurns reports whether workers of two days wait for one another.
func (r *Rollup) TakeTurns(a, b Task) bool {
	turn := func(t Task) uint64 { return maphash.Comparable(r.seed, t) % uint64(len(r.days)) }
	return turn(a) == turn(b)
}

// WithFiles has a Rollup publish other files than curated.Objects makes.
func (r *Rollup) WithFiles(files func(curated.Day) ([]curated.Object, error)) *Rollup {
	r.files = files
	return r
}
