package bill

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"trunkline/pkg/pbx"
)

// Measured is what the end-to-end tests have measured, for a fleet to which nothing out of
// the ordinary happens.
type Measured struct {
	Events   map[pbx.Kind]Usage `json:"events"`       // one event of each kind
	First    Usage              `json:"first"`        // what a PBX's first event uses besides
	Stranger Usage              `json:"stranger"`     // a push whose URL opens nothing
	Hour     Usage              `json:"hour"`         // a run of the schedule, and turns at packing
	HourPBX  Usage              `json:"hour_per_pbx"` // what it uses more for each PBX
	Day      Usage              `json:"day"`          // a day of the profile, rolled up
	Packing  Usage              `json:"packing"`      // an event of a day that is over
	Metrics  int                `json:"metrics"`      // that CloudWatch counts
}

//go:embed measured.json
var noted []byte

// Noted is what was measured last.
func Noted() (Measured, error) {
	var m Measured
	if err := json.Unmarshal(noted, &m); err != nil {
		return Measured{}, fmt.Errorf("measured.json: %w", err)
	}
	return m, nil
}

// Seconds that functions are billed for. They are not measured, since on one busy machine
// with all stores on it they would not be AWS's, but put higher than what is seen there.
const (
	EventSeconds   = 0.1
	HourSeconds    = 5
	HourPBXSeconds = 0.05
	DaySeconds     = 5
	PackSeconds    = 0.002
)
