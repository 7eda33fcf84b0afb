package rollup

import (
	"time"

	"trunkline/pkg/pbx"
)

// closes returns when a day closes: its end by the PBX's clock, plus the grace period.
func (r *Rollup) closes(zone pbx.Zone, day pbx.Day) time.Time {
	return zone.End(day).Add(r.config.Grace)
}

// closed reports whether a day can be computed now: it is over, or the PBX's clock can't have
// reached it.
func (r *Rollup) closed(zone pbx.Zone, day pbx.Day, now time.Time) bool {
	return zone.Beyond(day, now) || !now.Before(r.closes(zone, day))
}

// lastClosed returns the last day that has closed.
func (r *Rollup) lastClosed(zone pbx.Zone, now time.Time) pbx.Day {
	day := zone.Local(now).Day()
	for now.Before(r.closes(zone, day)) {
		day--
	}
	return day
}
