package feed

import (
	"slices"
	"time"
)

// Silence is how long nothing was heard of a PBX, beside its habit.
type Silence struct {
	Last time.Time // when it was last heard
	For  time.Duration
	// Habit is the longest that it was silent before; 0: too little is known of it.
	Habit time.Duration
	Flag  bool // it is silent for longer than ever, by an hour or more
}

// enoughCalls is of how many times a habit is made.
const enoughCalls = 20

// SilenceOf tells how unusual it is that a PBX which told of calls at some times is silent
// since last.
func SilenceOf(calls []time.Time, last, now time.Time) Silence {
	s := Silence{Last: last, For: now.Sub(last)}
	calls = slices.SortedFunc(slices.Values(calls), time.Time.Compare)
	if len(calls) < enoughCalls {
		return s
	}
	for i, at := range calls[1:] {
		s.Habit = max(s.Habit, at.Sub(calls[i]))
	}
	s.Flag = s.For > s.Habit+time.Hour
	return s
}
