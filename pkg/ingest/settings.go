package ingest

import (
	"context"
	"time"

	"trunkline/pkg/cache"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

const (
	settingsFor    = time.Minute            // how long settings are used before they are read again
	noSettingsFor  = 5 * time.Second        // the same, after a read failed
	settingsWithin = 200 * time.Millisecond // the longest time that reading them may take
	settingsAtMost = 10_000                 // PBXs remembered
)

// settings caches the settings of PBXs.
type settings struct {
	records Records
	now     func() time.Time
	known   *cache.Cache[pbx.MAC, store.Device]
}

func newSettings(records Records, now func() time.Time) *settings {
	return &settings{records, now, cache.New[pbx.MAC, store.Device](settingsAtMost)}
}

// of returns the settings of a PBX, at most a minute old. If the store is down it returns the
// zero Device: a valid token is then enough, so that no event is lost. If only some members
// can't be read, the others apply: see store.Device.
func (s *settings) of(ctx context.Context, mac pbx.MAC) store.Device {
	now := s.now()
	if device, ok := s.known.Get(mac, now); ok {
		return device
	}
	ctx, cancel := context.WithTimeout(ctx, settingsWithin)
	defer cancel()
	device, err := s.records.Device(ctx, mac)
	if err != nil {
		s.known.Put(mac, store.Device{}, now.Add(noSettingsFor))
		return store.Device{}
	}
	s.known.Put(mac, device, now.Add(settingsFor))
	return device
}
