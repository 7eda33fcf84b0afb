// Package rotation rotates and retires the keys that sign PBXs' URLs, wherever the keys are kept. It
// finds the PBXs that still use a key. It shows no secret.
package rotation

import (
	"context"
	"iter"

	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// Keys keep keys in their written form.
type Keys interface {
	Read(context.Context) (*token.Secrets, error)
	// Change changes the keys. They stay as they are if its argument fails.
	Change(context.Context, func(*token.Secrets) error) error
}

// Rotate adds a key, which signs from now on, and returns all keys. URLs of the others stay valid.
func Rotate(ctx context.Context, keys Keys) (*token.Secrets, error) {
	return change(ctx, keys, func(s *token.Secrets) error {
		_, err := s.Rotate(token.NewSecret())
		return err
	})
}

// Retire removes a key, and returns the others. The URLs that it signed become invalid. It refuses
// the key that signs.
func Retire(ctx context.Context, keys Keys, kid string) (*token.Secrets, error) {
	return change(ctx, keys, func(s *token.Secrets) error { return s.Retire(kid) })
}

// CheckRetire returns the error that Retire would return for the keys as they are. It changes nothing.
func CheckRetire(ctx context.Context, keys Keys, kid string) error {
	copied, err := keys.Read(ctx)
	if err != nil {
		return err
	}
	return copied.Retire(kid)
}

func change(ctx context.Context, keys Keys, change func(*token.Secrets) error) (changed *token.Secrets, err error) {
	err = keys.Change(ctx, func(s *token.Secrets) error {
		changed = s
		return change(s)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// UsersOf yields the PBXs whose last event came to a URL of a key.
func UsersOf(ctx context.Context, s *store.Store, kid string) iter.Seq2[devices.Member, error] {
	return each.Where(store.FleetOf(ctx, s, devices.Read), func(m devices.Member) bool { return m.KID == kid })
}

// UsedKIDs yields for each PBX the id of the key to whose URL its last event came; empty: unknown.
func UsedKIDs(ctx context.Context, s *store.Store) iter.Seq2[string, error] {
	pbxs := store.FleetOf(ctx, s, devices.Read)
	name := func(m devices.Member) string { return string(m.MAC) }
	return each.Map(ctx, pbxs, name, func(_ context.Context, m devices.Member) (string, error) { return m.KID, nil })
}
