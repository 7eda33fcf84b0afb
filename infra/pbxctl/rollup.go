package main

import (
	"errors"
	"fmt"

	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/dimensions"
	"trunkline/pkg/each"
	"trunkline/pkg/listing"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

type rollupCommand struct {
	MAC pbx.MAC `arg:"" optional:"" name:"mac" help:"The PBX's MAC address." placeholder:"MAC"`
	All bool    `help:"All PBXs of the fleet."`
	Day days    `required:"" help:"These days by the PBX's clock, as far as they have closed; DAY, DAY..DAY, DAY.. or ..DAY. With --all, today is by DEFAULT_ZONE." placeholder:"DAYS"`
	where
	showing
	clockFlag
}

// Help is the long form of the command's help.
func (rollupCommand) Help() string {
	return `The hourly run rolls up by itself; this command does it now. Both may run at the same time.
Figures that did not change are not published again. Names, sites and opening hours are published,
too. A running pbxctl serve does the work in its data folder. DEFAULT_ZONE, GRACE_MINUTES and RECORD_DAYS mean the same as for the function; a
running server uses its own. A day whose records expire is sealed: its figures stay as they are.

Examples:
  pbxctl rollup 68:69:2e:0b:00:01 --day 2018-11-05 --data ./data
  pbxctl rollup --all --day 2026-11-01.. --stack trunkline`
}

// Run implements the command.
func (c *rollupCommand) Run(p *program) error {
	if err := c.clockFlag.set(p); err != nil {
		return err
	}
	schedule, err := config.ReadSchedule(p.getenv)
	if err != nil {
		return err
	}
	if (c.MAC == "") != c.All {
		return unclear("which PBX? Give its MAC, or --all")
	}
	return c.writeBoth(p, func(s *store.Store, b archive.Bucket) error {
		first, last, err := c.asked(p, s, schedule.DefaultZone)
		if err != nil {
			return err
		}
		r := p.rollup(s, b, schedule, c.Data)
		tasks, err := c.tasks(p, r, first, last)
		if err != nil && !each.Only(err) {
			return err
		}
		_, describeErr := dimensions.New(s, b, p.now).Run(p.ctx)
		return errors.Join(err, c.work(p, r, tasks), describeErr)
	})
}

// asked returns the first and the last day that were asked for. 0 means no bound.
func (c *rollupCommand) asked(p *program, s *store.Store, fleet pbx.Zone) (first, last pbx.Day, err error) {
	today := p.today(fleet)
	if c.MAC != "" {
		if today, err = p.todayOf(s, c.MAC); err != nil {
			return 0, 0, err
		}
	}
	if first, last, err = c.Day.from(today); err != nil {
		return 0, 0, err
	}
	// The PBX's zone decides when a single day closes.
	if tomorrow := pbx.UTCDay(p.now()) + 1; first > tomorrow && (c.All || first != last) {
		return 0, 0, fmt.Errorf("--day: %s has not begun anywhere", first)
	}
	return first, last, nil
}

// tasks finds the days that were asked for, and makes them due.
func (c *rollupCommand) tasks(p *program, r *rollup.Rollup, first, last pbx.Day) ([]rollup.Task, error) {
	switch {
	case c.All:
		return r.RequestFleet(p.ctx, first, last)
	case first != last:
		return r.RequestClosed(p.ctx, c.MAC, first, last)
	}
	task := rollup.Task{MAC: c.MAC, Day: first}
	err := r.Request(p.ctx, task)
	if errors.Is(err, rollup.ErrSentNothing) {
		return nil, nil
	}
	return []rollup.Task{task}, err
}

// rolled is the result for one day.
type rolled struct {
	rollup.Task
	Result rollup.Result `json:"result"`
	Error  string        `json:"error,omitempty"`
}

// work does the tasks. A day that fails does not stop the others.
func (c *rollupCommand) work(p *program, r *rollup.Rollup, tasks []rollup.Task) error {
	bar := newBar(p, len(tasks), !c.JSON)
	out := listing.JSON(p.out)
	counts := rollup.Counts{}
	done := 0
	err := r.WorkAll(p.ctx, tasks, func(task rollup.Task, result rollup.Result, err error) error {
		one := rolled{Task: task, Result: result}
		if err != nil {
			one.Result, one.Error = rollup.Failed, err.Error()
		}
		counts[one.Result]++
		done++
		bar.Add(1)
		if c.JSON {
			return out.Encode(one)
		}
		return nil
	})
	bar.Finish()
	if p.ctx.Err() != nil {
		return fmt.Errorf("stopped after %d of %d days; the next hourly run does the others", done, len(tasks))
	}
	if err != nil && !each.Only(err) {
		return err
	}
	if !c.JSON {
		fmt.Fprintln(p.out, counts.String())
	}
	return err
}
