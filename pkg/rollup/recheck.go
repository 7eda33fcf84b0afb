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
	// againAtOnce is how many published days of a PBX are marked at once. So a fleet's whole
	// history is computed again over some hours.
	againAtOnce = 12
	// checkedAtOnce is how many published days of a PBX one run looks at.
	checkedAtOnce = 400
	// waitsAtMost is how many runs wait for the days that they have marked.
	waitsAtMost = 24
)

// Recheck marks published days of a PBX that are outdated: earlier rules, or another zone than
// the operator has set since. It marks a number of days, the latest first, and further ones after
// these were computed. After it has checked all days, it only reads one item. If the zone that
// was set can't be read, it does nothing.
func Recheck(ctx context.Context, s *store.Store, mac pbx.MAC, now time.Time) (marked int, err error) {
	set, err := s.Device(ctx, mac)
	if err != nil || set.Check("zone") != nil {
		return 0, err // the right zone is unknown
	}
	was, err := s.Figures().Checked(ctx, mac)
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
	return marked, errors.Join(err, s.Figures().SetChecked(ctx, mac, next))
}

// waits reports whether some of the marked days are not computed yet. It does not wait for a day
// that fails again and again.
func waits(ctx context.Context, s *store.Store, mac pbx.MAC, c *store.Checked) (bool, error) {
	_, due, err := s.Figures().Mark(ctx, mac, c.Before)
	if err == nil && !due || c.Waited == waitsAtMost {
		c.Waited = 0
		return false, nil
	}
	c.Waited++
	return true, errors.Join(err, s.Figures().SetChecked(ctx, mac, *c))
}

// recheck continues where an earlier run stopped. If it skips a day, it begins again after the
// last one.
func recheck(ctx context.Context, s *store.Store, mac pbx.MAC, c *store.Checked, now time.Time) (marked int, err error) {
	looked := 0
	days := each.Loop[store.PublishedDay]{Of: "published days", Name: func(d store.PublishedDay) string { return d.Day.String() }}
	enough := false
	err = days.Do(ctx, s.Figures().PublishedDays(ctx, mac, c.Before), func(ctx context.Context, d store.PublishedDay) error {
		if enough = marked == againAtOnce || looked == checkedAtOnce; enough {
			return each.ErrEnough
		}
		looked++
		c.Before = d.Day
		if !outdated(d.Header, *c) || s.Figures().Sealed(d.Day, d.Header, now) {
			return nil
		}
		err := s.Figures().MarkClosed(ctx, mac, d.Day, earlier((d.Day+1).UTC(), now))
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
