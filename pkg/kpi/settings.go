package kpi

// Settings are the operator's settings of a PBX that rows depend on.
type Settings struct {
	ShortAbandon     int64 `json:"short_abandon_seconds"` // an abandoned call that waited less is short
	TalkIncludesHold bool  `json:"talk_includes_hold,omitempty"`
}

// DefaultSettings apply if the operator has set nothing.
var DefaultSettings = Settings{ShortAbandon: 10}

// Thresholds are the thresholds of shown figures. Other thresholds need no new rows.
type Thresholds struct {
	ServiceLevel int64 // seconds in which a call should be answered
	ShortAbandon int64 // seconds before which an abandoned call is short
}

// DefaultServiceLevel is the threshold of service levels in seconds if the operator has set none.
const DefaultServiceLevel = 20
