package store

import (
	"time"

	"trunkline/pkg/pbx"
)

// ClockZone returns the zone of a PBX's clock. That is the one that the operator set, else the one
// that its records show, else the fallback.
func ClockZone(set Device, seen Seen, fallback pbx.Zone) pbx.Zone {
	return set.Zone.Or(seen.Zone).Or(fallback)
}

// zoneOf returns the zone by which a record is judged: the registered one, else the one that the
// record itself shows. The latter may lie east of the PBX's own, but never west of it.
func zoneOf(registered pbx.Zone, id string, start pbx.LocalTime) pbx.Zone {
	var inferred pbx.Zone
	if ahead, ok := pbx.Ahead(id, start); ok {
		inferred = pbx.InferZone(ahead)
	}
	return ClockZone(Device{Zone: registered}, Seen{Zone: inferred}, farthestEast)
}

// farthestEast is the zone whose days end first. If the zone of a PBX is unknown, its days may have
// ended as early.
var farthestEast = pbx.ZoneAt(14 * time.Hour)

// farthestWest is the zone whose days end last.
var farthestWest = pbx.ZoneAt(-12 * time.Hour)
