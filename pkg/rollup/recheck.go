package rollup

import (
	"context"
	"time"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

const (
	// againAtOnce is how many published days of a PBX are computed again at once, so that all
	// of a fleet's history is done over some hours.
	againAtOnce = 12
	// checkedAtOnce is how many published days of a PBX are looked at in one run.
	checkedAtOnce = 400
)

// Recheck has published days of a PBX due that were computed by earlier rules, or in another
// zone than the operator has set since: a number of them, the latest first, and more of them
// once these were computed. Once all were looked at, it reads one item. Where the zone can't be
// read that was set, it does nothing.
func Recheck(ctx context.Context, s *store.Store, mac pbx.MAC, now time.Time) (marked int, err error) {
	set, err := s.Device(ctx, mac)
	if err != nil || set.Check("zone") != nil {
		return 0, err // in which zone they should be is not known
	}
	was, err := s.Checked(ctx, mac)
	if err != nil {
		return 0, err
	}
	next := store.Checked{Rules: kpi.Rules, Zone: set.Zone.String()}
	if was.Rules == next.Rules && was.Zone == next.Zone {
		next = was
	}
	if next.Done {
		return 0, nil
	}
	if next.Before != 0 {
		if _, due, err := s.Mark(ctx, mac, next.Before); err != nil || due {
			return 0, err // those before are not computed yet
		}
	}
	marked, err = recheck(ctx, s, mac, &next, now)
	if err != nil || next == was {
		return marked, err
	}
	return marked, s.SetChecked(ctx, mac, next)
}

// recheck goes on from where an earlier run came to.
func recheck(ctx context.Context, s *store.Store, mac pbx.MAC, c *store.Checked, now time.Time) (marked int, err error) {
	looked := 0
	for d, err := range s.PublishedDays(ctx, mac, c.Before) {
		if err != nil {
			return marked, err
		}
		if marked == againAtOnce || looked == checkedAtOnce {
			return marked, nil
		}
		looked++
		c.Before = d.Day
		if !outdated(d.Header, *c) || s.Sealed(d.Day, d.Header, now) {
			continue
		}
		if err := s.MarkClosed(ctx, mac, d.Day, earlier((d.Day+1).UTC(), now)); err != nil {
			return marked, err
		}
		marked++
	}
	c.Done = true
	return marked, nil
}

// outdated reports whether a day was computed by earlier rules, or in another zone.
func outdated(h store.Header, by store.Checked) bool {
	return h.RulesVersion() < by.Rules || by.Zone != "" && h.Zone != by.Zone
}
