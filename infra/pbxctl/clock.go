package main

import (
	"time"
)

// clockFlag replaces the machine's clock, to try things out.
type clockFlag struct {
	Now string `help:"Use a clock that starts at this time, such as 2026-11-23T09:00:00Z, to try things out." placeholder:"TIME"`
}

// set sets the program's clock.
func (c clockFlag) set(p *program) error {
	if c.Now == "" {
		return nil
	}
	begin, err := time.Parse(time.RFC3339, c.Now)
	if err != nil {
		return unclear("--now: %q is not a time such as 2026-11-23T09:00:00Z", c.Now)
	}
	machine := p.now
	began := machine()
	p.otherClock = true
	p.now = func() time.Time { return begin.Add(machine().Sub(began)) }
	return nil
}
