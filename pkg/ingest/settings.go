package ingest

import (
	"context"
	"errors"
	"time"

	"trunkline/pkg/breaker"
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

// settings caches the settings of PBXs, and what was read with them.
type settings struct {
	records Records
	table   *breaker.Breaker
	now     func() time.Time
	known   *cache.Cache[pbx.MAC, known]
}

// known is a sender, and until when it is used.
type known struct {
	store.Sender
	until time.Time
}

func newSettings(records Records, table *breaker.Breaker, now func() time.Time) *settings {
	return &settings{records, table, now, cache.New[pbx.MAC, known](settingsAtMost)}
}

// of returns the settings and the last event of a PBX, at most a minute old, plus the second by which
// the read may be late. If the store is down, the
// settings are the zero Device: a valid token is then enough, so that no event is lost. If only some
// members can't be read, the others apply: see store.Device. A store that has not answered lately is
// not asked.
func (s *settings) of(ctx context.Context, mac pbx.MAC) store.Sender {
	now := s.now()
	if found, ok := s.known.Get(mac, now); ok {
		return found.Sender
	}
	if !s.table.IsClosed() {
		return store.Sender{}
	}
	ctx, cancel := context.WithTimeout(ctx, settingsWithin)
	defer cancel()
	call := s.table.Insist()
	sender, err := s.records.Sender(ctx, mac)
	call.Ended(!errors.Is(err, context.DeadlineExceeded))
	until := now.Add(settingsFor)
	if err != nil {
		sender.Device, until = store.Device{}, now.Add(noSettingsFor)
	}
	s.known.Put(mac, known{sender, until}, until)
	return sender
}

// noted keeps the last event of a PBX, for as long as its settings are used.
func (s *settings) noted(mac pbx.MAC, last store.LastEvent) {
	if found, ok := s.known.Get(mac, s.now()); ok {
		found.Last = last
		s.known.Put(mac, found, found.until)
	}
}
