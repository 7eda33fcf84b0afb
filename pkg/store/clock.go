package store

import "trunkline/pkg/pbx"

// ClockZone is where the clock of a PBX stands, as far as is known: in the zone that the
// operator has set, else in the one that was learnt from its records, else in the fallback.
func ClockZone(set Device, seen Seen, fallback pbx.Zone) pbx.Zone {
	return set.Zone.Or(seen.Zone).Or(fallback)
}
