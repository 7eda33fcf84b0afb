package store

import (
	"context"
	"strings"
	"time"
)

// HourlyRun is what came of what is done every hour.
type HourlyRun struct {
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
	// Complete reports whether all was done.
	Complete bool   `json:"complete"`
	Error    string `json:"error,omitempty"` // what was not, shortened
}

// errorAtMost is how many bytes are kept of an error.
const errorAtMost = 500

// KeepHourlyRun keeps what came of the last hourly run.
func (s *Store) KeepHourlyRun(ctx context.Context, r HourlyRun) error {
	if len(r.Error) > errorAtMost {
		r.Error = strings.ToValidUTF8(r.Error[:errorAtMost], "") + "…"
	}
	err := s.save(ctx, hourlyKey, ownVersion(millis(r.Ended)), r, Condition{})
	return wrap(err, "keep what came of the hourly run")
}

// LastHourlyRun is what came of the last hourly run; false where there was none.
func (s *Store) LastHourlyRun(ctx context.Context) (r HourlyRun, ran bool, err error) {
	version, err := s.load(ctx, hourlyKey, &r)
	return r, version != "", wrap(err, "read what came of the hourly run")
}
