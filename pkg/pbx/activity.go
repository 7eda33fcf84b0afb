package pbx

// Activity says when calls began, by the PBX's own clock. The zero value has no calls.
type Activity struct {
	Calls int64     `json:"calls"`
	First LocalTime `json:"first"`
	Last  LocalTime `json:"last"`
	Pause int64     `json:"pause_seconds"` // the longest pause between two calls
}

// Begun returns the activity of one call.
func Begun(at LocalTime) Activity { return Activity{Calls: 1, First: at, Last: at} }

// Then returns an activity together with the one that followed it.
func (a Activity) Then(next Activity) Activity {
	if a.Calls == 0 {
		return next
	}
	if next.Calls == 0 {
		return a
	}
	pause := int64(next.First - a.Last)
	return Activity{a.Calls + next.Calls, a.First, max(a.Last, next.Last), max(a.Pause, pause, next.Pause)}
}
