package devices

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// Replacement has a PBX take another's place, with all that is set for it.
type Replacement struct {
	Old, By pbx.MAC
	// From is the day, by the old PBX's clock, from which the new one is in its place. Zero: today.
	From pbx.Day
	// KeepOld leaves the old PBX enabled.
	KeepOld bool
	// Fallback is the zone of a PBX whose zone is not known.
	Fallback pbx.Zone
	Now      func() time.Time
}

// Replaced is what came of a Replacement.
type Replaced struct {
	From          pbx.Day
	OldDisabled   bool
	MinGeneration uint32 // of the new PBX's URLs that open; 0: all do
}

// Do writes the new PBX's settings and names, and then disables the old one. It may be stopped
// anywhere, and done again.
func (r Replacement) Do(ctx context.Context, s *store.Store) (done Replaced, err error) {
	if err := CheckListed(ctx, s, r.Old); err != nil {
		return done, err
	}
	old, err := Read(ctx, s, r.Old)
	if err != nil {
		return done, err
	}
	from, err := r.day(old)
	if err != nil {
		return done, err
	}
	names, err := r.names(ctx, s)
	if err != nil {
		return done, err
	}
	set, err := s.ChangeDevice(ctx, r.By, func(d *store.Device) error { return r.apply(d, old.Device, from) })
	if err != nil {
		return done, err
	}
	if _, err := s.ChangeNames(ctx, r.By, func(store.Names) (store.Names, error) { return names, nil }); err != nil {
		return done, err
	}
	if _, err := rollup.Recheck(ctx, s, r.By, r.Now()); err != nil {
		return done, err
	}
	if err := r.disableOld(ctx, s); err != nil {
		return done, err
	}
	return Replaced{from, !r.KeepOld || old.Disabled, set.MinGeneration}, set.Check("min_generation")
}

func (r Replacement) disableOld(ctx context.Context, s *store.Store) error {
	if r.KeepOld {
		return nil
	}
	_, err := s.ChangeDevice(ctx, r.Old, func(d *store.Device) error { return Setting("disabled").Set(d, YesOrNo(true)) })
	return err
}

// day is the day from which the new PBX is in the old one's place.
func (r Replacement) day(old Member) (pbx.Day, error) {
	if len(old.Unreadable) > 0 {
		names := slices.Sorted(maps.Keys(old.Unreadable))
		return 0, fmt.Errorf("of %s can't be read: %s; set it again with pbxctl device set first", r.Old, strings.Join(names, ", "))
	}
	zone, err := old.ClockZone(r.Fallback)
	if err != nil {
		return 0, err
	}
	today := zone.Local(r.Now()).Day()
	if r.From > today && !r.KeepOld {
		return 0, errors.New("--from: until that day the old PBX goes on: say --keep-old, and disable it then")
	}
	if r.From != 0 {
		return r.From, nil
	}
	return today, nil
}

// names are those of the old PBX. That the new one has any is an error, unless it was given them.
func (r Replacement) names(ctx context.Context, s *store.Store) (store.Names, error) {
	by, err := s.Device(ctx, r.By)
	if err != nil {
		return nil, err
	}
	own, err := s.Names(ctx, r.By)
	if err != nil {
		return nil, err
	}
	if len(own) > 0 && by.Replaces != r.Old {
		return nil, fmt.Errorf("%s has names already: it can't take another's place", r.By)
	}
	return s.Names(ctx, r.Old)
}

// apply gives a PBX for which nothing is set the settings of the old one.
func (r Replacement) apply(d *store.Device, old store.Device, from pbx.Day) error {
	was := *d
	if d.Replaces != r.Old {
		d.Disabled = false // one that was removed comes back
		if !IsNew(*d) {
			return fmt.Errorf("%s has settings already: it can't take another's place", r.By)
		}
	}
	*d = old
	d.Disabled, d.MinGeneration, d.Unreadable = false, was.MinGeneration, was.Unreadable.Without("disabled")
	d.Replaces, d.ReplacesFrom = r.Old, from
	aliases := slices.DeleteFunc(append(slices.Clone(old.Aliases), r.Old), func(mac pbx.MAC) bool { return mac == r.By })
	return Setting("aliases").Set(d, printedAll(aliases))
}

// IsNew reports whether nothing is set for a PBX but which of its URLs open.
func IsNew(d store.Device) bool {
	d.MinGeneration, d.Unreadable = 0, d.Unreadable.Without("min_generation")
	if len(d.Unreadable) == 0 {
		d.Unreadable = nil
	}
	return reflect.DeepEqual(d, store.Device{})
}
