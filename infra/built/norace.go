//go:build !race

package built

// Race reports whether the race detector is on.
const Race = false
