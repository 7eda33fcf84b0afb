package store

import (
	"context"
	"strings"
	"time"
)

// HourlyRun is the result of an hourly run.
type HourlyRun struct {
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
	// Complete reports whether everything was done.
	Complete bool   `json:"complete"`
	Error    string `json:"error,omitempty"` // why not, shortened
}

// errorAtMost is how many bytes of an error are kept.
const errorAtMost = 500

// KeepHourlyRun keeps the result of the last hourly run.
func (s *Store) KeepHourlyRun(ctx context.Context, r HourlyRun) error {
	if len(r.Error) > errorAtMost {
		r.Error = strings.ToValidUTF8(r.Error[:errorAtMost], "") + "…"
	}
	err := s.save(ctx, hourlyKey, ownVersion(millis(r.Ended)), r, Condition{})
	return wrap(err, "keep the result of the hourly run")
}

// LastHourlyRun reads the result of the last hourly run; false if there was no run.
func (s *Store) LastHourlyRun(ctx context.Context) (r HourlyRun, ran bool, err error) {
	version, err := s.load(ctx, hourlyKey, &r)
	return r, version != "", wrap(err, "read the result of the hourly run")
}
