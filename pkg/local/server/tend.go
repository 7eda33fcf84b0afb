package server

import (
	"context"
	"log/slog"
	"time"
)

// tendsEvery is how often a server closes and compresses the segments of its archive.
const tendsEvery = time.Minute

// tendArchive calls tend now and every minute, until ctx ends.
func tendArchive(ctx context.Context, tend func(context.Context) error, log *slog.Logger) {
	ticker := time.NewTicker(tendsEvery)
	defer ticker.Stop()
	for {
		if err := tend(ctx); err != nil && ctx.Err() == nil {
			log.Warn("the archive's segments are not all compressed: the next minute tries again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
