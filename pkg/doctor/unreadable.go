package doctor

import (
	"context"
	"errors"
	"fmt"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Unreadable checks whether anything in a table can't be read. The hourly run skips such things:
// entries of the fleet list, marks of days, spilled texts, and what is kept of each PBX.
func (c *Checkup) Unreadable(ctx context.Context, s *store.Store) {
	c.Check(ctx, "unreadable", func(ctx context.Context) (string, error) {
		read := 0
		things := each.Loop[string]{Of: "things in the table", Name: each.Text[string]}
		err := things.Do(ctx, each.Join(
			each.Map(ctx, s.Figures().Due(ctx), each.Text, name[store.Mark]),
			each.Map(ctx, s.AllSpilled(ctx), each.Text, name[store.Spilled]),
			store.FleetOf(ctx, s, readAll),
		), func(context.Context, string) error {
			read++
			return nil
		})
		if each.Only(err) {
			return "", Wrong("nothing else is affected. The next hourly run repairs marks, and puts spilled texts into quarantine. "+
				"Set settings and names again with `pbxctl device set` and `pbxctl names set`, or put the item back from a backup", "%v", err)
		}
		return fmt.Sprintf("nothing is; %d marks, spilled texts and PBXs were read", read), err
	})
}

// name makes a loop count a thing that can be read.
func name[T any](context.Context, T) (string, error) { return "", nil }

// readAll reads what the hourly run reads of a PBX, except its records.
func readAll(ctx context.Context, s *store.Store, mac pbx.MAC) (string, error) {
	_, deviceErr := s.Device(ctx, mac)
	_, seenErr := s.Seen(ctx, mac)
	_, heardErr := s.LastEvent(ctx, mac)
	_, namesErr := s.Names(ctx, mac)
	_, markedErr := s.Figures().MarkedThrough(ctx, mac)
	_, checkedErr := s.Figures().Checked(ctx, mac)
	return string(mac), errors.Join(deviceErr, seenErr, heardErr, namesErr, markedErr, checkedErr)
}
