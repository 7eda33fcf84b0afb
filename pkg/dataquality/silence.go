package dataquality

import (
	"time"

	"trunkline/pkg/pbx"
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
