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

// SilenceOf tells for how long a PBX is silent, beside its habit on the days that were
// rolled up; the zero Silence where it never sent anything.
func SilenceOf(ctx context.Context, s *store.Store, mac pbx.MAC, now time.Time) (dataquality.Silence, error) {
	heard, err := s.Heard(ctx, mac)
	if err != nil || heard.Last.IsZero() {
		return dataquality.Silence{}, err
	}
	return since(ctx, s, mac, heard.Last, now)
}

// since tells of a PBX that was heard last at a time.
func since(ctx context.Context, s *store.Store, mac pbx.MAC, last, now time.Time) (dataquality.Silence, error) {
	today := pbx.UTC.Local(now).Day()
	calls, err := s.Activity(ctx, mac, today-dataquality.HabitDays, today+1) // somewhere, tomorrow has begun
	return dataquality.SilenceOf(calls, last, now), err
}

// listen finds the PBXs that are silent for longer than is their habit.
func (w *Worker) listen(ctx context.Context) error {
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

// silent tells whether a PBX is. The fleet may be large: of one that was just heard, it reads
// a single item.
func (w *Worker) silent(ctx context.Context, mac pbx.MAC) (bool, error) {
	now := w.now()
	heard, err := w.store.Heard(ctx, mac)
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
