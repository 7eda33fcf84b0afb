package rollup

import (
	"context"
	"errors"
	"time"

	"trunkline/pkg/each"
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
	// waitsAtMost is how many runs wait for the days that they have marked.
	waitsAtMost = 24
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
		if waits, err := waits(ctx, s, mac, &next); err != nil || waits {
			return 0, err
		}
	}
	marked, err = recheck(ctx, s, mac, &next, now)
	if next == was {
		return marked, err
	}
	return marked, errors.Join(err, s.SetChecked(ctx, mac, next))
}

// waits reports whether those that were marked are not computed yet. A day that fails again and
// again is not waited for.
func waits(ctx context.Context, s *store.Store, mac pbx.MAC, c *store.Checked) (bool, error) {
	_, due, err := s.Mark(ctx, mac, c.Before)
	if err == nil && !due || c.Waited == waitsAtMost {
		c.Waited = 0
		return false, nil
	}
	c.Waited++
	return true, errors.Join(err, s.SetChecked(ctx, mac, *c))
}

// recheck goes on from where an earlier run came to. A day that it skips has it begin again once
// it is through.
func recheck(ctx context.Context, s *store.Store, mac pbx.MAC, c *store.Checked, now time.Time) (marked int, err error) {
	looked := 0
	days := each.Loop[store.PublishedDay]{Of: "published days", Name: func(d store.PublishedDay) string { return d.Day.String() }}
	enough := false
	err = days.Do(ctx, s.PublishedDays(ctx, mac, c.Before), func(ctx context.Context, d store.PublishedDay) error {
		if enough = marked == againAtOnce || looked == checkedAtOnce; enough {
			return each.ErrEnough
		}
		looked++
		c.Before = d.Day
		if !outdated(d.Header, *c) || s.Sealed(d.Day, d.Header, now) {
			return nil
		}
		err := s.MarkClosed(ctx, mac, d.Day, earlier((d.Day+1).UTC(), now))
		if err == nil {
			marked++
		}
		return err
	})
	if err != nil && !each.Only(err) {
		return marked, err
	}
	c.Skipped = c.Skipped || err != nil
	switch {
	case enough:
	case c.Skipped:
		c.Before, c.Skipped = 0, false
	default:
		c.Done = true
	}
	return marked, err
}

// outdated reports whether a day was computed by earlier rules, or in another zone.
func outdated(h store.Header, by store.Checked) bool {
	return h.RulesVersion() < by.Rules || by.Zone != "" && h.Zone != by.Zone
}
