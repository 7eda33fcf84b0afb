package fleet

import (
	"math"
	"time"

	"trunkline/pkg/pbx"
)

// setClock decides how far a PBX's clock is off, and whether and when its power fails.
func (p *PBX) setClock() {
	if among(p.index, p.config.Drift) {
		dice := p.diceOf("drift", 0)
		p.drift = int64(oneOf(dice, -1, 1) * dice.between(60, 15*60))
	}
	if among(p.index, p.config.PowerCuts) && p.config.Days > 0 {
		dice := p.diceOf("power", 0)
		before := p.Zone.End(p.config.First + pbx.Day(dice.IntN(p.config.Days)) - 1)
		p.powerBack = before.Add(time.Duration(dice.between(9*60, 16*60)) * time.Minute)
	}
}

// among reports whether the PBX at a place is one of a share of the fleet. These are the first one,
// and others at distances that follow from the share.
func among(index int, share float64) bool {
	return math.Mod(float64(index)*share, 1) < share
}

// in1970 is how long a clock that has lost its power shows 1970.
const in1970 = time.Hour

// ahead returns how many seconds the PBX's clock is ahead, for a call that begins at an instant.
func (p *PBX) ahead(at time.Time) int64 {
	since := at.Sub(p.powerBack)
	if !p.powerBack.IsZero() && since >= 0 && since < in1970 {
		return -p.powerBack.Unix()
	}
	return p.drift
}
