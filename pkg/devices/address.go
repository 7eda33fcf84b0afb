package devices

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// Address is a PBX that needs a URL.
type Address struct {
	MAC  pbx.MAC `json:"mac"`
	Name string  `json:"name,omitempty"`
	Site string  `json:"site,omitempty"`
	URL  string  `json:"url"`

	least token.Generation // 0: it is not known
}

// Sign sets the URL to that of a base and a generation; 0: the lowest that is valid for the PBX, as
// far as it is known. It refuses a generation that was revoked.
func (a *Address) Sign(keys *token.Keyring, base string, generation token.Generation) error {
	least := cmp.Or(a.least, 1)
	generation = cmp.Or(generation, least)
	if generation < least {
		return fmt.Errorf("URLs of %s below generation %s were revoked: leave the flag out, or give a higher one", a.MAC, least)
	}
	a.URL = keys.URL(base, a.MAC, generation)
	return nil
}

// ReadAddress reads what the URL of a PBX needs. A PBX that was removed has no valid URL, and is an
// error.
func ReadAddress(ctx context.Context, s *store.Store, mac pbx.MAC) (Address, error) {
	d, err := s.Device(ctx, mac)
	if err != nil {
		return Address{}, err
	}
	if d.Disabled {
		if err := wasRemoved(ctx, s, mac); err != nil {
			return Address{}, err
		}
	}
	if err = d.Check("min_generation"); err != nil {
		err = fmt.Errorf("the lowest valid generation of %s can't be read: %w: set it with pbxctl device revoke --below", mac, err)
	}
	return Address{MAC: mac, Name: d.Name, Site: d.Site, least: LeastGeneration(d)}, err
}

// wasRemoved fails if a disabled PBX was removed.
func wasRemoved(ctx context.Context, s *store.Store, mac pbx.MAC) error {
	listed, err := s.Listed(ctx, mac)
	if err != nil || listed {
		return err
	}
	return fmt.Errorf("%s was removed, and has no valid URL: add it again with pbxctl device add", mac)
}

// ReadAddresses is ReadAddress for some PBXs, of which it reads atOnce concurrently. If they are labelled,
// as in a file, their names and sites stay as they are.
func ReadAddresses(ctx context.Context, s *store.Store, asked []Address, labelled bool, atOnce int) iter.Seq2[Address, error] {
	mac := func(a Address) string { return string(a.MAC) }
	return each.MapAhead(ctx, atOnce, atOnce, each.Of(asked...), mac, func(ctx context.Context, a Address) (Address, error) {
		known, err := ReadAddress(ctx, s, a.MAC)
		if labelled {
			known.Name, known.Site = a.Name, a.Site
		}
		return known, err
	})
}
