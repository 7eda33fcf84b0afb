package ingest

import (
	"context"
	"sync"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

const (
	settingsFor    = time.Minute            // how long settings are used before they are read again
	noSettingsFor  = 5 * time.Second        // the same, after they could not be read
	settingsWithin = 200 * time.Millisecond // the time that the store has to tell them
	settingsAtMost = 10_000                 // PBXs remembered
)

// settings remembers what the operator has set for PBXs.
type settings struct {
	records Records
	now     func() time.Time
	mu      sync.Mutex
	known   map[pbx.MAC]setting
}

type setting struct {
	store.Device
	until time.Time
}

// of returns the settings of a PBX, at most a minute old. Where they can't be read
// there are none: a valid token then counts, since the store that has them may be
// down, and events must go on. Where some members of them can't be read, the others apply:
// see store.Device.
func (s *settings) of(ctx context.Context, mac pbx.MAC) store.Device {
	now := s.now()
	s.mu.Lock()
	known, ok := s.known[mac]
	s.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.Device
	}
	ctx, cancel := context.WithTimeout(ctx, settingsWithin)
	defer cancel()
	device, err := s.records.Device(ctx, mac)
	read := setting{device, now.Add(settingsFor)}
	if err != nil {
		read = setting{until: now.Add(noSettingsFor)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= settingsAtMost {
		s.known = map[pbx.MAC]setting{}
	}
	s.known[mac] = read
	return read.Device
}
