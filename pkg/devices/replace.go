package devices

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// Replacement replaces a PBX by another, which gets all its settings.
type Replacement struct {
	Old, By pbx.MAC
	// From is the day of the replacement, by the old PBX's clock. Zero: today.
	From pbx.Day
	// KeepOld leaves the old PBX enabled.
	KeepOld bool
	// Fallback is the zone of a PBX whose zone is unknown.
	Fallback pbx.Zone
	Now      func() time.Time
}

// Replaced is the result of a Replacement.
type Replaced struct {
	From          pbx.Day
	OldDisabled   bool
	MinGeneration uint32 // of the new PBX's valid URLs; 0: all are
}

// Do writes the new PBX's settings and names, and then disables the old PBX. An interrupted Do can be
// repeated.
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
	if err := r.checkFirst(ctx, s); err != nil {
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

// checkFirst returns an error if a third PBX has replaced the old one: both would have its alias. A PBX
// whose settings can't be read is passed over.
func (r Replacement) checkFirst(ctx context.Context, s *store.Store) error {
	var third atomic.Pointer[pbx.MAC]
	pbxs := each.Loop[pbx.MAC]{Of: "PBXs that may have replaced it", Name: each.Text[pbx.MAC], AtOnce: store.PBXsAtOnce}
	err := pbxs.Do(ctx, s.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		d, err := s.Device(ctx, mac)
		if err == nil && d.Replaces == r.Old && mac != r.By {
			third.Store(&mac)
			return each.ErrEnough
		}
		if errors.Is(err, store.ErrNotUnderstood) {
			return nil
		}
		return err
	})
	if mac := third.Load(); mac != nil {
		return fmt.Errorf("%s has replaced %s already: replace %s, or remove it first with pbxctl device remove", *mac, r.Old, *mac)
	}
	return err
}

func (r Replacement) disableOld(ctx context.Context, s *store.Store) error {
	if r.KeepOld {
		return nil
	}
	_, err := s.ChangeDevice(ctx, r.Old, func(d *store.Device) error { return Setting("disabled").Set(d, YesOrNo(true)) })
	return err
}

// day returns the day of the replacement.
func (r Replacement) day(old Member) (pbx.Day, error) {
	if len(old.Unreadable) > 0 {
		names := slices.Sorted(maps.Keys(old.Unreadable))
		return 0, fmt.Errorf("settings of %s can't be read: %s; set them again with pbxctl device set first", r.Old, strings.Join(names, ", "))
	}
	zone, err := old.ClockZone(r.Fallback)
	if err != nil {
		return 0, err
	}
	today := zone.Local(r.Now()).Day()
	if r.From > today && !r.KeepOld {
		return 0, errors.New("--from: the old PBX sends until that day: say --keep-old, and disable it on that day")
	}
	if r.From != 0 {
		return r.From, nil
	}
	return today, nil
}

// names returns the names of the old PBX. If the new one has other names, that is an error.
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
		return nil, fmt.Errorf("%s has names already: it can't replace another PBX", r.By)
	}
	return s.Names(ctx, r.Old)
}

// apply gives a PBX without settings the settings of the old one.
func (r Replacement) apply(d *store.Device, old store.Device, from pbx.Day) error {
	was := *d
	if d.Replaces != r.Old {
		d.Disabled = false // a removed PBX comes back
		if !IsNew(*d) {
			return fmt.Errorf("%s has settings already: it can't replace another PBX", r.By)
		}
	}
	*d = old
	d.Disabled, d.MinGeneration, d.Unreadable = false, was.MinGeneration, was.Unreadable.Without("disabled")
	d.Replaces, d.ReplacesFrom = r.Old, from
	aliases := slices.DeleteFunc(append(slices.Clone(old.Aliases), r.Old), func(mac pbx.MAC) bool { return mac == r.By })
	return Setting("aliases").Set(d, printedAll(aliases))
}

// IsNew reports whether nothing is set for a PBX, except which of its URLs are valid.
func IsNew(d store.Device) bool {
	d.MinGeneration, d.Unreadable = 0, d.Unreadable.Without("min_generation")
	if len(d.Unreadable) == 0 {
		d.Unreadable = nil
	}
	return reflect.DeepEqual(d, store.Device{})
}
