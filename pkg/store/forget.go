package store

import (
	"context"
	"strings"

	"trunkline/pkg/pbx"
)

// Forget removes all that is kept of a PBX, and takes it off the fleet list. It is meant for
// one that is not real.
func (s *Store) Forget(ctx context.Context, mac pbx.MAC) error {
	for item, err := range s.table.Query(ctx, Range{PK: string(mac)}) {
		if err == nil {
			err = s.table.Delete(ctx, item.Key, Condition{})
		}
		if err != nil {
			return wrap(err, "forget %s", mac)
		}
	}
	for item, err := range s.table.Query(ctx, Range{PK: dueKey(mac, 0).PK}) {
		if err == nil && strings.HasSuffix(item.SK, "#"+string(mac)) {
			err = s.table.Delete(ctx, item.Key, Condition{})
		}
		if err != nil {
			return wrap(err, "forget what is due of %s", mac)
		}
	}
	return wrap(s.table.Delete(ctx, fleetKey(mac), Condition{}), "take %s off the fleet list", mac)
}
