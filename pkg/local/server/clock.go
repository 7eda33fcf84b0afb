package server

import (
	"context"
	"log/slog"
	"time"

	"trunkline/pkg/local"
	"trunkline/pkg/store"
)

// keptEvery is how often a server saves the offset of its clock.
const keptEvery = time.Minute

// watchClock saves the clock's offset until ctx ends. It logs every hour while the clock is
// doubted, and once when it is trusted again.
func watchClock(ctx context.Context, c *store.Clock, folder string, log *slog.Logger) {
	ticker := time.NewTicker(keptEvery)
	defer ticker.Stop()
	for was, minutes := false, 0; ; minutes++ {
		if err := c.Keep(ctx); err != nil && ctx.Err() == nil {
			log.Warn("the clock is not looked after whole", "error", err)
		}
		d, doubted := c.Doubt()
		switch {
		case doubted && (!was || minutes%60 == 0):
			log.Error("the clock can't be right: times go on from the last that was trusted, and nothing is sealed or dropped before its time",
				"error", d.String(), "do", local.ClockAdvice(folder))
		case was && !doubted:
			log.Info("the clock of this machine is trusted again")
		}
		was = doubted
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
