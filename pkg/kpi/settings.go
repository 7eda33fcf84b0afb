package kpi

// Settings are what an operator says of a PBX, as far as rows depend on it.
type Settings struct {
	ShortAbandon     int64 `json:"short_abandon_seconds"` // an abandoned call that waited less is short
	TalkIncludesHold bool  `json:"talk_includes_hold,omitempty"`
}

// DefaultSettings are those of a PBX of which nothing was said.
var DefaultSettings = Settings{ShortAbandon: 10}

// Thresholds are what figures are shown for. Rows need no recomputing for others.
type Thresholds struct {
	ServiceLevel int64 // seconds in which a call should be answered
	ShortAbandon int64 // seconds before which an abandoned call is short
}

// DefaultServiceLevel is the threshold of service levels in seconds, where an operator has
// set no other.
const DefaultServiceLevel = 20
