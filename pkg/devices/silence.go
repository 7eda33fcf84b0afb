package devices

import (
	"context"
	"time"

	"trunkline/pkg/dataquality"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Silence is how long a PBX is silent.
type Silence struct {
	MAC     pbx.MAC    `json:"mac"`
	Name    string     `json:"name,omitempty"`
	Last    *time.Time `json:"last_heard"` // null: never
	Seconds int64      `json:"silent_seconds"`
	Habit   *int64     `json:"habit_seconds"` // null: it is not known
	Flag    bool       `json:"flagged"`
}

// ReadSilence returns how long a PBX is silent, and whether that is longer than usual. A PBX that
// never sent anything is flagged; a disabled one never is.
func ReadSilence(ctx context.Context, s *store.Store, mac pbx.MAC, now time.Time) (Silence, error) {
	m, err := Read(ctx, s, mac)
	if err != nil {
		return Silence{}, err
	}
	found := Silence{MAC: mac, Name: m.Name}
	f, err := dataquality.ReadSilence(ctx, s, mac, now)
	if err != nil {
		return found, err
	}
	if f.Last.IsZero() {
		found.Flag = !m.Disabled
		return found, nil
	}
	found.Last, found.Seconds, found.Flag = &f.Last, int64(f.For.Seconds()), f.Flag && !m.Disabled
	if f.Habit > 0 {
		habit := int64(f.Habit.Seconds())
		found.Habit = &habit
	}
	return found, nil
}
