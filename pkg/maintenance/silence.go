package maintenance

import (
	"context"
	"slices"
	"sync"
	"time"

	"trunkline/pkg/dataquality"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// SilenceOf returns how long a PBX has been silent, and its habit on the days that were rolled
// up. It returns the zero Silence for a PBX that never sent anything.
func SilenceOf(ctx context.Context, s *store.Store, mac pbx.MAC, now time.Time) (dataquality.Silence, error) {
	heard, err := s.LastEvent(ctx, mac)
	if err != nil || heard.Last.IsZero() {
		return dataquality.Silence{}, err
	}
	return since(ctx, s, mac, heard.Last, now)
}

// since returns the silence of a PBX whose last event came at a known time.
func since(ctx context.Context, s *store.Store, mac pbx.MAC, last, now time.Time) (dataquality.Silence, error) {
	today := pbx.UTC.Local(now).Day()
	calls, err := s.Figures().Activity(ctx, mac, today-dataquality.HabitDays, today+1) // in some zones, tomorrow has begun
	return dataquality.SilenceOf(calls, last, now), err
}

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
	silence, err := since(ctx, w.store, mac, heard.Last, now)
	if err != nil || !silence.Flag {
		return false, err
	}
	device, err := w.store.Device(ctx, mac)
	return !device.Disabled, err
}
