package dataquality

import (
	"maps"
	"slices"

	"trunkline/pkg/pbx"
)

// Calls gathers what was told of the calls of one PBX's day, in any order.
type Calls struct {
	begun, hungUp, recorded map[string]bool
	// call is the uniqueid of the caller's channel, by that of a channel that was rung.
	call map[string]string
}

// NewCalls makes a Calls of which nothing was told.
func NewCalls() *Calls {
	return &Calls{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]string{}}
}

// Add adds an event. Kinds that tell of no call are left out.
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

// Completeness is how many distinct calls were told of in each way.
type Completeness struct {
	Begun    int `json:"begun"`    // a channel was rung for it (dialbegein)
	HungUp   int `json:"hung_up"`  // one of its channels was
	Recorded int `json:"recorded"` // in a record of either kind
	// Missing are calls that have begun or were hung up, and have no record. Internal calls
	// leave none on some firmware, and a call that goes on leaves one when it is over.
	Missing []string `json:"possibly_missing"`
	// Unannounced are calls that have a record, and of which nothing else was told. Where
	// the PBX is set to push records alone, that is all of them.
	Unannounced int `json:"unannounced"`
}

// Completeness tells how far the events tell of the same calls.
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

// caller is the uniqueid of the call that a channel belongs to.
func (c *Calls) caller(id string) string {
	if call, rung := c.call[id]; rung {
		return call
	}
	return id
}
