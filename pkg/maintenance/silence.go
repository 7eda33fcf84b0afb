package maintenance

import (
	"context"
	"slices"
	"sync"

	"trunkline/pkg/dataquality"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// findSilent finds the PBXs that are silent for longer than usual.
func (w *Worker) findSilent(ctx context.Context) error {
	var mu sync.Mutex
	macs := []pbx.MAC{}
	pbxs := each.Loop[pbx.MAC]{Of: "PBXs that may be silent", Name: each.Text[pbx.MAC], AtOnce: store.PBXsAtOnce}
	err := pbxs.Do(ctx, w.store.Fleet(ctx), func(ctx context.Context, mac pbx.MAC) error {
		silent, err := w.silent(ctx, mac)
		if silent {
			mu.Lock()
			defer mu.Unlock()
			macs = append(macs, mac)
		}
		return err
	})
	slices.Sort(macs)
	w.report.Silent(ctx, macs, err)
	return err
}

// silent reports whether a PBX is silent. The fleet may be large: for a PBX with a recent event,
// it reads a single item.
func (w *Worker) silent(ctx context.Context, mac pbx.MAC) (bool, error) {
	now := w.now()
	heard, err := w.store.LastEvent(ctx, mac)
	if err != nil || heard.Last.IsZero() || now.Sub(heard.Last) <= dataquality.NoticedAfter {
		return false, err
	}
	silence, err := dataquality.SilenceSince(ctx, w.store, mac, heard.Last, now)
	if err != nil || !silence.Flag {
		return false, err
	}
	device, err := w.store.Device(ctx, mac)
	return !device.Disabled, err
}
