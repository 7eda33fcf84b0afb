package devices

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// Change calls apply to change the settings of a PBX, as store.ChangeDevice does. It marks the days that
// must be computed again because of the change.
func Change(ctx context.Context, s *store.Store, mac pbx.MAC, now time.Time, apply func(*store.Device) error) error {
	if _, err := s.ChangeDevice(ctx, mac, apply); err != nil {
		return err
	}
	_, err := rollup.Recheck(ctx, s, mac, now)
	return err
}

// Add puts a PBX on the fleet list, with the settings that apply sets. It refuses a PBX that has settings.
// removed reports whether the PBX was removed before: then its URL is valid again.
func Add(ctx context.Context, s *store.Store, mac pbx.MAC, now time.Time, apply func(*store.Device) error) (removed bool, err error) {
	listed, err := s.Listed(ctx, mac)
	if err != nil {
		return false, err
	}
	return removed, Change(ctx, s, mac, now, func(d *store.Device) error {
		if removed = !listed && d.Disabled; removed {
			d.Disabled, d.Unreadable = false, d.Unreadable.Without("disabled")
		}
		if !IsNew(*d) {
			return fmt.Errorf("%s has settings already: change them with pbxctl device set", mac)
		}
		return apply(d)
	})
}

// AddAlias allows events of a PBX to name another MAC.
func AddAlias(d *store.Device, mac, alias pbx.MAC) error {
	at, there := slices.BinarySearch(d.Aliases, alias)
	switch {
	case alias == mac:
		return fmt.Errorf("%s is the PBX's own MAC", alias)
	case !there && len(d.Aliases) >= MaxAliases:
		return fmt.Errorf("%s has %d aliases already; see --remove", mac, len(d.Aliases))
	case !there:
		d.Aliases = slices.Insert(d.Aliases, at, alias)
	}
	d.Unreadable = d.Unreadable.Without("aliases")
	return nil
}

// RemoveAlias removes an alias. From then on, events of the PBX that name it are refused.
func RemoveAlias(d *store.Device, mac, alias pbx.MAC) error {
	at, there := slices.BinarySearch(d.Aliases, alias)
	if !there {
		return fmt.Errorf("%s is not an alias of %s", alias, mac)
	}
	d.Aliases = slices.Delete(d.Aliases, at, at+1)
	d.Unreadable = d.Unreadable.Without("aliases")
	return nil
}

// Revoke revokes the URLs of a PBX below a generation. A revoked URL never becomes valid again.
func Revoke(d *store.Device, below token.Generation) error {
	if d.Check("min_generation") == nil && uint32(below) < d.MinGeneration {
		return fmt.Errorf("URLs below %d are revoked already, and stay so", d.MinGeneration)
	}
	return Setting("min_generation").Set(d, below.String())
}

// RevokeLeast revokes the URLs of the lowest valid generation.
func RevokeLeast(d *store.Device) error {
	if err := d.Check("min_generation"); err != nil {
		return fmt.Errorf("%w: say with --below which URLs to revoke", err)
	}
	if d.MinGeneration == math.MaxUint32 {
		return errors.New("this PBX has the last generation: its URL can only be refused with pbxctl device disable")
	}
	return Revoke(d, LeastGeneration(*d)+1)
}

// LeastGeneration returns the lowest generation of valid URLs of a PBX.
func LeastGeneration(d store.Device) token.Generation {
	return token.Generation(max(1, d.MinGeneration))
}
