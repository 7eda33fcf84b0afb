package main

import (
	"errors"
	"fmt"
	"time"

	"trunkline/pkg/listing"
	"trunkline/pkg/local"
	"trunkline/pkg/store"
)

// openClock opens the clock of a data folder's records.
func (p *program) openClock(t store.Table) (*store.Clock, error) {
	began := time.Now()
	return store.OpenClock(p.ctx, t, p.now, func() time.Duration { return time.Since(began) })
}

// trustClock has a command use the clock of a data folder's records. It warns if the machine's
// clock is wrong. A time that was given with --now is used as it is.
func (p *program) trustClock(t store.Table, folder string) error {
	if p.otherClock {
		return nil
	}
	clock, err := p.openClock(t)
	if err != nil {
		return err
	}
	if d, doubted := clock.Doubt(); doubted {
		fmt.Fprintf(p.errs, "pbxctl: %s: this command uses the latter; %s\n", d, local.ClockAdvice(folder))
	}
	p.now = clock.Now
	return nil
}

type doctorClockCommand struct {
	dataFolder
	Accept bool `help:"Accept the time that this machine's clock shows."`
	JSON   bool `name:"json" help:"One JSON object."`
	clockFlag
}

// Help is the long form of the command's help.
func (doctorClockCommand) Help() string {
	return `A server remembers the last time that it trusted. If this machine's clock is more than 7 days
ahead of that, or more than an hour behind, pbxctl serve doubts the clock. Its times continue
from the last trusted one, and nothing is sealed or dropped too early. It trusts the clock again
when the clock is right, or when most PBXs report calls of the clock's time. With --accept, it
trusts the clock within a minute:

  pbxctl doctor clock --accept --data ./data`
}

// clockState is the clock of a folder's records.
type clockState struct {
	Shows   time.Time `json:"shows"`
	Goes    time.Time `json:"goes_on_from"`
	Trusted bool      `json:"trusted"`
}

// Run implements the command.
func (c *doctorClockCommand) Run(p *program) error {
	if err := c.clockFlag.set(p); err != nil {
		return err
	}
	table, err := local.OpenTable(p.ctx, c.Data)
	if err != nil {
		return err
	}
	defer table.Close()
	if c.Accept {
		if err := store.AcceptClock(p.ctx, table, p.now()); err != nil {
			return err
		}
	}
	clock, err := p.openClock(table)
	if err != nil {
		return err
	}
	d, doubted := clock.Doubt()
	if err := c.print(p, d, doubted); err != nil || !doubted {
		return err
	}
	return errors.New(d.String() + ": " + local.ClockAdvice(c.Data))
}

func (c *doctorClockCommand) print(p *program, d store.Doubt, doubted bool) error {
	if c.JSON {
		return listing.JSON(p.out).Encode(clockState{d.Shows.UTC(), d.Goes.UTC(), !doubted})
	}
	if doubted {
		return nil
	}
	_, err := fmt.Fprintf(p.out, "The clock is trusted. It shows %s.\n", d.Shows.UTC().Format(time.RFC3339))
	return err
}
