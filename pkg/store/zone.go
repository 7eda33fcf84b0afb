package store

import (
	"time"

	"trunkline/pkg/pbx"
)

// ClockZone is where the clock of a PBX stands, as far as is known: in the zone that the
// operator has set, else in the one that was learnt from its records, else in the fallback.
func ClockZone(set Device, seen Seen, fallback pbx.Zone) pbx.Zone {
	return set.Zone.Or(seen.Zone).Or(fallback)
}

// zoneOf is the zone by which a record is judged: the registered one, else what the record
// itself tells, which may lie farther east than the PBX, but never farther west.
func zoneOf(registered pbx.Zone, id string, start pbx.LocalTime) pbx.Zone {
	var inferred pbx.Zone
	if ahead, ok := pbx.Ahead(id, start); ok {
		inferred = pbx.InferZone(ahead)
	}
	return ClockZone(Device{Zone: registered}, Seen{Zone: inferred}, farthestEast)
}

// farthestEast is the zone whose days end first. Of a PBX whose zone is not known, they
// may have ended as early as that.
var farthestEast = pbx.ZoneAt(14 * time.Hour)

// farthestWest is the zone whose days end last.
var farthestWest = pbx.ZoneAt(-12 * time.Hour)
