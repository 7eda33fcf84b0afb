package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trunkline/pkg/config"
	"trunkline/pkg/each"
	"trunkline/pkg/kpi"
	"trunkline/pkg/listing"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type kpiCommands struct {
	Show         kpiCommand          `cmd:"" default:"withargs" help:"Show the figures of a PBX's day (the default)."`
	Explain      explainCommand      `cmd:"" help:"Show the calls behind a figure, and the rule by which each of them counts."`
	Restatements restatementsCommand `cmd:"" help:"Show how the figures of a day changed after their publication, and why."`
}

// Help is the long form of the command's help.
func (kpiCommands) Help() string {
	return `Without a subcommand, it is pbxctl kpi show, and takes its flags.

Example:
  pbxctl kpi 68:69:2e:0b:00:01 --day 2018-11-05 --data ./data`
}

type kpiCommand struct {
	source
	Day       day        `required:"" help:"Day by the PBX's clock: 2018-11-05, today or yesterday." placeholder:"DAY"`
	Queue     recordedID `xor:"rows" help:"Only this queue." placeholder:"CODE"`
	Threshold *int64     `help:"Seconds within which a call should be answered, instead of the PBX's setting." placeholder:"N"`
	Short     *int64     `help:"Seconds before which an abandoned call is short, instead of the PBX's setting." placeholder:"N"`
	AllRows   bool       `xor:"rows" help:"Show the rows of the whole PBX and of agents, too."`
}

// Help is the long form of the command's help.
func (kpiCommand) Help() string {
	return `Rows are computed when a day has closed; pbxctl rollup computes them now. Times are seconds.
A - means that there is nothing to divide by, or that the PBX reports no value. SERVICE LEVEL is
answered_and_abandoned, one of seven service levels. --json prints all figures, one object per
row.

Examples:
  pbxctl kpi 68:69:2e:0b:00:01 --day 2018-11-05 --data ./data
  pbxctl kpi 68692e0b0001 --day 2018-11-05 --threshold 30 --all-rows --json --stack trunkline`
}

// Run implements the command.
func (c *kpiCommand) Run(p *program) error {
	for flag, seconds := range map[string]*int64{"--threshold": c.Threshold, "--short": c.Short} {
		if seconds != nil && *seconds < 0 {
			return unclear("%s: %d is below 0", flag, *seconds)
		}
	}
	return c.readRecords(p, func(s *store.Store) error {
		on, err := c.Day.at(p, s, c.MAC)
		if err != nil {
			return err
		}
		asked := rollup.Asked{
			Task: rollup.Task{MAC: c.MAC, Day: on}, Queue: string(c.Queue), All: c.AllRows, ServiceLevel: c.Threshold, ShortAbandon: c.Short,
		}
		found, err := rollup.ReadShown(p.ctx, s, asked)
		switch {
		case err != nil:
			return err
		case found.Latest == kpi.Published{}:
			return c.noFigures(p, s, on)
		case c.JSON:
			return show(p, true, each.Of(tables.Named(found)...), columns[any]{}, "")
		}
		return tables.PrintDay(p.ctx, p.out, asked, found)
	})
}

// noFigures fails if the PBX has records of a day that has no figures. Else it says that there are
// none.
func (s source) noFigures(p *program, records *store.Store, on pbx.Day) error {
	_, zone, err := p.member(records, s.MAC)
	if err != nil {
		return err
	}
	recorded := false
	err = listing.Rows(p.ctx, records.RecordedDays(p.ctx, s.MAC, zone, store.Days(on, on)), func(pbx.Day) error {
		recorded = true
		return nil
	})
	switch {
	case err != nil:
		return err
	case recorded:
		return fmt.Errorf("there are no figures of %s of %s yet: compute them with pbxctl rollup, when the day has closed", on, s.MAC)
	}
	if s.JSON {
		return nil
	}
	_, err = fmt.Fprintf(p.out, "There are no records of %s of %s.\n", on, s.MAC)
	return err
}

type explainCommand struct {
	source
	Day    day        `required:"" help:"Day by the PBX's clock: 2018-11-05, today or yesterday." placeholder:"DAY"`
	Queue  recordedID `xor:"of" help:"Code of the queue." placeholder:"CODE"`
	Agent  recordedID `xor:"of" help:"Code of the agent." placeholder:"CODE"`
	Figure string     `help:"The figure. Of a queue: ${figure_list}. Of an agent: ${agent_figure_list}." placeholder:"NAME"`
}

// Validate refuses an unknown figure when the command line is read, and fills in the default.
func (c *explainCommand) Validate() error {
	if c.Queue+c.Agent == "" {
		return errors.New("whose figure? Give --queue or --agent")
	}
	known, first := kpi.CountNames(), "offered"
	if c.Agent != "" {
		known, first = rollup.AgentFigureNames(), string(kpi.AgentAnswered)
	}
	if c.Figure = cmp.Or(c.Figure, first); !slices.Contains(known, c.Figure) {
		return fmt.Errorf("--figure: %.40q is not one of %s", c.Figure, strings.Join(known, ", "))
	}
	return nil
}

// Help is the long form of the command's help.
func (explainCommand) Help() string {
	return `It searches the records as they are now. They may be newer than the published figures. If the day
is sealed, they may have expired. Sessions of agents are explained, too.

Examples:
  pbxctl kpi explain 68:69:2e:0b:00:01 --day 2018-11-05 --queue 630 --figure abandoned --data ./data
  pbxctl kpi explain 68:69:2e:0b:00:01 --day 2018-11-05 --agent 100 --figure missed --data ./data
  pbxctl kpi explain 68:69:2e:0b:00:01 --day 2018-11-05 --agent 100 --figure login_seconds --data ./data`
}

// Run implements the command.
func (c *explainCommand) Run(p *program) error {
	return c.readRecords(p, func(s *store.Store) error {
		schedule, err := config.ReadSchedule(p.getenv)
		if err != nil {
			return err
		}
		on, err := c.Day.at(p, s, c.MAC)
		if err != nil {
			return err
		}
		e, err := rollup.Explain(p.ctx, s, schedule.DefaultZone, rollup.Task{MAC: c.MAC, Day: on})
		if err != nil {
			return err
		}
		defer e.Close()
		return errors.Join(c.show(p, on, e), saySealed(p, on, e.Sealed && !c.JSON))
	})
}

// show shows the calls or sessions behind the figure of a day.
func (c *explainCommand) show(p *program, on pbx.Day, e *rollup.Explanation) error {
	nothing := fmt.Sprintf("Nothing of agent %s on %s counts as %s.", c.Agent, on, c.Figure)
	switch {
	case c.Agent == "":
		nothing = fmt.Sprintf("No calls of queue %s on %s count as %s.", c.Queue, on, c.Figure)
		return show(p, c.JSON, e.Calls(string(c.Queue), c.Figure), tables.ExplainedCalls(), nothing)
	case c.Figure == rollup.SessionsFigure:
		return show(p, c.JSON, e.Sessions(string(c.Agent)), tables.ExplainedSessions(), nothing)
	}
	return show(p, c.JSON, e.AgentCalls(string(c.Agent), c.Figure), tables.ExplainedAgentCalls(), nothing)
}

// saySealed says to people that a day's records may have expired.
func saySealed(p *program, day pbx.Day, sealed bool) error {
	if !sealed {
		return nil
	}
	_, err := fmt.Fprintf(p.out, "\n%s is sealed: its records expire, so its published figures stay as they are.\n", day)
	return err
}
