package dataquality

import (
	"context"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Silence is how long a PBX has sent nothing, compared with its habit.
type Silence struct {
	Last time.Time // when its last event was received
	For  time.Duration
	// Habit is its longest time without a call before; 0: too little is known.
	Habit time.Duration
	Flag  bool // it is silent for longer than ever, by NoticedAfter or more
}

const (
	// HabitDays is the number of days that a habit is derived from.
	HabitDays = 28
	// NoticedAfter is how much longer than its habit a PBX must be silent to be flagged.
	NoticedAfter = time.Hour
	// enoughCalls is the number of calls that it takes to know a habit.
	enoughCalls = 20
)

// SilenceOf returns how unusual it is that a PBX has been silent since last, compared with its
// earlier calls.
func SilenceOf(calls pbx.Activity, last, now time.Time) Silence {
	s := Silence{Last: last, For: now.Sub(last)}
	if calls.Calls < enoughCalls {
		return s
	}
	s.Habit = time.Duration(calls.Pause) * time.Second
	s.Flag = s.For > s.Habit+NoticedAfter
	return s
}

// ReadSilence returns how long a PBX has been silent, and its habit on the days that were rolled
// up. It returns the zero Silence for a PBX that never sent anything.
func ReadSilence(ctx context.Context, s *store.Store, mac pbx.MAC, now time.Time) (Silence, error) {
	heard, err := s.LastEvent(ctx, mac)
	if err != nil || heard.Last.IsZero() {
		return Silence{}, err
	}
	return SilenceSince(ctx, s, mac, heard.Last, now)
}

// SilenceSince returns the silence of a PBX whose last event came at a known time.
func SilenceSince(ctx context.Context, s *store.Store, mac pbx.MAC, last, now time.Time) (Silence, error) {
	today := pbx.UTC.Local(now).Day()
	calls, err := s.Figures().Activity(ctx, mac, today-HabitDays, today+1) // in some zones, tomorrow has begun
	return SilenceOf(calls, last, now), err
}
