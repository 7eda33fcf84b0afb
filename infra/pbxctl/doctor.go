package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"

	"trunkline/pkg/dataquality"
	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type doctorCommands struct {
	Check   doctorCheckCommand   `cmd:"" default:"withargs" help:"Check an environment: what is wrong, and what to do."`
	Feed    doctorFeedCommand    `cmd:"" help:"Check whether a PBX's records meet the assumptions of the figures."`
	Clock   doctorClockCommand   `cmd:"" help:"Show whether Trunkline trusts this machine's clock, or accept the clock."`
	Silence doctorSilenceCommand `cmd:"" help:"Find PBXs that are silent for longer than usual."`
}

type doctorFeedCommand struct {
	where
	showing
	MAC pbx.MAC `name:"mac" help:"Only this PBX." placeholder:"MAC"`
	pbxDays
}

// Help is the long form of the command's help.
func (doctorFeedCommand) Help() string {
	return `Shows for each PBX and generation of firmware how many call records were checked for each
assumption, and which share violates it. It also shows which members of records can't be read.
With --json, it shows the assumptions that hold, too.

Examples:
  pbxctl doctor feed --data ./data
  pbxctl doctor feed --mac 68692e0b0001 --day 2026-11-01.. --stack trunkline --json`
}

// Run implements the command.
func (c *doctorFeedCommand) Run(p *program) error {
	return c.readRecords(p, func(s *store.Store) error {
		var violated atomic.Int64
		found := each.Map(p.ctx, fleetOr(p, s, c.MAC), each.Text, func(_ context.Context, mac pbx.MAC) (all []dataquality.PBXFinding, err error) {
			review, err := review(p, s, mac, c.Day)
			if err != nil {
				return nil, err
			}
			for _, f := range review.Findings() {
				if f.Violated > 0 {
					violated.Add(1)
				}
				if c.JSON || f.Violated > 0 {
					all = append(all, dataquality.PBXFinding{MAC: mac, Finding: f})
				}
			}
			return all, nil
		})
		err := show(p, c.JSON, each.Flat(found), tables.Findings(), "All assumptions hold, or no records exist.")
		return errors.Join(err, failedOf(violated.Load(), "assumptions do not hold: EXAMPLE names a record of each"))
	})
}

// fleetOr yields the PBX that is named, else the whole fleet.
func fleetOr(p *program, s *store.Store, named pbx.MAC) iter.Seq2[pbx.MAC, error] {
	if named != "" {
		return each.Of(named)
	}
	return s.Fleet(p.ctx)
}

func review(p *program, s *store.Store, mac pbx.MAC, on days) (*dataquality.Review, error) {
	m, zone, err := p.member(s, mac)
	if err != nil {
		return nil, err
	}
	span, err := on.span(p.today(zone))
	if err != nil {
		return nil, err
	}
	return dataquality.ReadReview(p.ctx, s, dataquality.PBX{MAC: mac, Clock: zone, Zone: m.Zone.Or(m.Inferred)}, span)
}

type doctorSilenceCommand struct {
	where
	showing
	All bool `help:"List all PBXs, also those that are not silent."`
}

// Help is the long form of the command's help.
func (doctorSilenceCommand) Help() string {
	return `A PBX's habit is the longest time without a call, on those of the last 28 days that were rolled
up. A PBX that is silent for an hour longer than that is flagged, unless it is disabled. A PBX
that never sent anything is flagged, too. A PBX with few calls has no known habit. The exit code
is 1 if any PBX is flagged.

Example:
  pbxctl doctor silence --data ./data`
}

// Run implements the command.
func (c *doctorSilenceCommand) Run(p *program) error {
	return c.readRecords(p, func(s *store.Store) error {
		var flagged atomic.Int64
		all := each.Map(p.ctx, s.Fleet(p.ctx), each.Text, func(_ context.Context, mac pbx.MAC) (devices.Silence, error) {
			found, err := devices.ReadSilence(p.ctx, s, mac, p.now())
			if found.Flag {
				flagged.Add(1)
			}
			if err != nil || found.Flag || c.All || c.JSON {
				return found, err
			}
			return found, each.ErrNone
		})
		err := show(p, c.JSON, all, tables.Silences(), "No PBX is silent for longer than usual.")
		return errors.Join(err, failedOf(flagged.Load(), "PBXs are silent: open the URL of each in a browser at its site"))
	})
}

// failedOf returns an error where a command found n things wrong; nil for none.
func failedOf(n int64, what string) error {
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d %s", n, what)
}
