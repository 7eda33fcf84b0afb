package dataquality

import (
	"maps"
	"slices"

	"trunkline/pkg/pbx"
)

// Calls collects the events of the calls of one PBX's day, in any order.
type Calls struct {
	begun, hungUp, recorded map[string]bool
	// call maps the uniqueid of a rung channel to the uniqueid of the caller's channel.
	call map[string]string
}

// NewCalls makes an empty Calls.
func NewCalls() *Calls {
	return &Calls{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]string{}}
}

// Add adds an event. It ignores kinds that are not about a call.
func (c *Calls) Add(event pbx.Event) {
	switch e := event.(type) {
	case *pbx.DialBegin:
		c.begun[e.Call()] = true
		if e.DestUniqueID != "" {
			c.call[e.DestUniqueID] = e.Call()
		}
	case *pbx.Hangup:
		c.hungUp[e.Call()] = true
	case *pbx.CallRecord:
		c.recorded[e.UUID] = true
	case *pbx.CDR:
		c.recorded[e.Call()] = true
	}
}

// Completeness counts distinct calls by the kinds of events that they have.
type Completeness struct {
	Begun    int `json:"begun"`    // a channel was rung for it (dialbegein)
	HungUp   int `json:"hung_up"`  // one of its channels was hung up
	Recorded int `json:"recorded"` // in a record of either kind
	// Missing are calls that have begun or were hung up, and have no record. Some firmware sends
	// no record of internal calls. A call in progress has its record when it is over.
	Missing []string `json:"possibly_missing"`
	// Unannounced are calls that have only a record. If the PBX is set to push nothing but
	// records, these are all calls.
	Unannounced int `json:"unannounced"`
}

// Completeness compares the kinds of events of each call.
func (c *Calls) Completeness() Completeness {
	hungUp := map[string]bool{}
	for id := range c.hungUp {
		hungUp[c.caller(id)] = true
	}
	told := maps.Clone(c.begun)
	maps.Copy(told, hungUp)
	all := Completeness{Begun: len(c.begun), HungUp: len(hungUp), Recorded: len(c.recorded), Missing: []string{}}
	for id := range told {
		if !c.recorded[id] {
			all.Missing = append(all.Missing, id)
		}
	}
	for id := range c.recorded {
		if !told[id] {
			all.Unannounced++
		}
	}
	slices.Sort(all.Missing)
	return all
}

// caller returns the uniqueid of the call that a channel belongs to.
func (c *Calls) caller(id string) string {
	if call, rung := c.call[id]; rung {
		return call
	}
	return id
}

// Reported is what a PBX reported on a day.
type Reported struct {
	MAC pbx.MAC `json:"mac"`
	Day pbx.Day `json:"day"`
	Completeness
	Sealed bool `json:"sealed"` // the day is: some of its records may have expired
}
