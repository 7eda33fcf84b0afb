package dataquality

import (
	"time"

	"trunkline/pkg/pbx"
)

// Silence is how long nothing was heard of a PBX, beside its habit.
type Silence struct {
	Last time.Time // when it was last heard
	For  time.Duration
	// Habit is the longest that it was without a call before; 0: too little is known of it.
	Habit time.Duration
	Flag  bool // it is silent for longer than ever, by an hour or more
}

const (
	// HabitDays is of how many days a habit is made.
	HabitDays = 28
	// NoticedAfter is how much longer than ever a PBX has to be silent.
	NoticedAfter = time.Hour
	// enoughCalls is of how many calls a habit is made.
	enoughCalls = 20
)

// SilenceOf tells how unusual it is that a PBX is silent since last, by the calls that it
// told of before.
func SilenceOf(calls pbx.Activity, last, now time.Time) Silence {
	s := Silence{Last: last, For: now.Sub(last)}
	if calls.Calls < enoughCalls {
		return s
	}
	s.Habit = time.Duration(calls.Pause) * time.Second
	s.Flag = s.For > s.Habit+NoticedAfter
	return s
}
