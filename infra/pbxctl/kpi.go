package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trunkline/pkg/config"
	"trunkline/pkg/each"
	"trunkline/pkg/kpi"
	"trunkline/pkg/listing"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

type kpiCommands struct {
	Show         kpiCommand          `cmd:"" default:"withargs" help:"Show the figures of a PBX's day (the default)."`
	Explain      explainCommand      `cmd:"" help:"Show the calls behind a figure, and the rule by which each of them counts."`
	Restatements restatementsCommand `cmd:"" help:"Show how the figures of a day changed after their publication, and why."`
}

// Help is the long form of the command's help.
func (kpiCommands) Help() string {
	return `It takes the flags of pbxctl kpi show.

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
		thresholds, err := rollup.ThresholdsOf(p.ctx, s, c.MAC)
		if err != nil {
			return err
		}
		thresholds.ServiceLevel = *cmp.Or(c.Threshold, &thresholds.ServiceLevel)
		thresholds.ShortAbandon = *cmp.Or(c.Short, &thresholds.ShortAbandon)
		names, err := s.Names(p.ctx, c.MAC)
		if err != nil {
			return err
		}
		on, err := c.Day.at(p, s, c.MAC)
		if err != nil {
			return err
		}
		day, latest, err := c.day(p, s, on, thresholds)
		switch {
		case err != nil:
			return err
		case latest == kpi.Published{}:
			return c.noFigures(p, s, on)
		case c.JSON:
			return printRows(p, day, names)
		}
		return c.print(p, on, day, latest, thresholds, names)
	})
}

// day reads the rows that were asked for, and when the day's figures were published.
func (c *kpiCommand) day(p *program, s *store.Store, on pbx.Day, t kpi.Thresholds) (day rollup.PublishedDay, latest kpi.Published, err error) {
	rows := each.Where(s.Figures().Rows(p.ctx, c.MAC, on), func(row store.Row) bool {
		latest = kpi.Published{ComputedAt: row.ComputedAt, Revision: row.Revision}
		if c.Queue != "" {
			return row.Scope == store.ScopeQueue && row.Name == string(c.Queue)
		}
		return c.AllRows || row.Scope == store.ScopeQueue
	})
	day, err = rollup.ReadPublished(rows, t)
	return day, latest, err
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

// printRows prints rows for programs.
func printRows(p *program, day rollup.PublishedDay, names store.Names) error {
	out := listing.JSON(p.out)
	for _, figures := range day.All {
		if err := out.Encode(withName(figures, names)); err != nil {
			return err
		}
	}
	return nil
}

// withName returns figures with the name of their queue or agent, if it has one.
func withName(figures any, names store.Names) any {
	switch f := figures.(type) {
	case kpi.QueueFigures:
		return struct {
			kpi.QueueFigures
			Name string `json:"queue_name,omitempty"`
		}{f, names.Find(naming.Queue, f.Queue).Name}
	case kpi.AgentFigures:
		return struct {
			kpi.AgentFigures
			Name string `json:"agent_name,omitempty"`
		}{f, names.Find(naming.Agent, f.Agent).Name}
	}
	return figures
}

func (c *kpiCommand) print(p *program, on pbx.Day, day rollup.PublishedDay, latest kpi.Published, t kpi.Thresholds, names store.Names) error {
	restated := ""
	if latest.Revision > 1 {
		restated = " (see pbxctl kpi restatements)"
	}
	fmt.Fprintf(p.out, "PBX %s, %s: answered within %d s, abandoned short before %d s; revision %d%s, computed %s\n\n",
		c.MAC, on, t.ServiceLevel, t.ShortAbandon, latest.Revision, restated, clock(latest.ComputedAt))
	if err := listing.Table(p.ctx, p.out, each.Of(day.Queues...), queueColumns(names, day.Queues), c.nothing()); err != nil || !c.AllRows {
		return err
	}
	fmt.Fprintln(p.out, "\nThe whole PBX")
	if err := listing.Table(p.ctx, p.out, each.Of(day.PBX...), pbxColumns, ""); err != nil {
		return err
	}
	fmt.Fprintln(p.out, "\nAgents")
	return listing.Table(p.ctx, p.out, each.Of(day.Agents...), agentColumns(names), "No agent had calls or sessions.")
}

// nothing is the sentence for rows that are missing.
func (c *kpiCommand) nothing() string {
	if c.Queue != "" {
		return fmt.Sprintf("Queue %s had no calls.", listing.Plain(string(c.Queue)))
	}
	return "No queue had calls."
}

var figureHeads = []string{"OFFERED", "ANSWERED", "ABANDONED", "SHORT", "VOICEMAIL", "FLOWED", "UNKNOWN", "SERVICE LEVEL", "ABANDONMENT", "ASA", "AHT", "LONGEST WAIT", "P90"}

func figureCells(f kpi.Figures) []string {
	return []string{count(f.Offered), count(f.Answered), count(f.Abandoned), count(f.ShortAbandoned), count(f.Voicemail), count(f.FlowedOut),
		count(f.Unknown), percent(f.ServiceLevel.AnsweredAndAbandoned), percent(f.AbandonmentRate), mean(f.ASA), mean(f.AHT),
		optional(f.LongestWait), optional(f.WaitP90)}
}

var apartHeads = []string{"OUTBOUND", "INTERNAL", "UNRECOGNISED"}

func apartCells(a kpi.Apart) []string {
	return []string{count(a.Outbound), count(a.Internal), count(a.Unrecognised)}
}

// labelled returns the id and the name of a queue or agent.
func labelled(names store.Names, kind naming.Kind, id string) string {
	return strings.TrimSpace(id + " " + names.Find(kind, id).Name)
}

// queueColumns show the calls that are counted apart only if a queue has any.
func queueColumns(names store.Names, queues []kpi.QueueFigures) columns[kpi.QueueFigures] {
	heads := apartHeads
	if !slices.ContainsFunc(queues, func(q kpi.QueueFigures) bool { return q.Apart != kpi.Apart{} }) {
		heads = nil
	}
	return columns[kpi.QueueFigures]{
		Heads: slices.Concat([]string{"QUEUE"}, figureHeads, heads),
		Cells: func(q kpi.QueueFigures) []string {
			return slices.Concat([]string{labelled(names, naming.Queue, q.Queue)}, figureCells(q.Figures), apartCells(q.Apart)[:len(heads)])
		},
	}
}

var pbxColumns = columns[kpi.PBXFigures]{
	Heads: slices.Concat(figureHeads, []string{"IVR", "DIRECT"}, apartHeads, []string{"CDR"}),
	Cells: func(r kpi.PBXFigures) []string {
		return slices.Concat(figureCells(r.Figures), []string{count(r.IVROnly), count(r.Direct)}, apartCells(r.Apart), []string{count(r.CDR.Calls)})
	},
}

func agentColumns(names store.Names) columns[kpi.AgentFigures] {
	return columns[kpi.AgentFigures]{
		Heads: []string{"AGENT", "ANSWERED", "MISSED", "ELSEWHERE", "ATTEMPTS", "OUTBOUND", "DIRECT", "TALK", "HOLD", "WRAP-UP", "RING", "SCORE", "LOGIN", "UNSURE", "OCCUPANCY"},
		Cells: func(a kpi.AgentFigures) []string {
			return []string{labelled(names, naming.Agent, a.Agent), count(a.Answered), count(a.Missed), count(a.AnsweredElsewhere), count(a.Attempts),
				count(a.OutboundCalls), count(a.DirectCalls), count(a.Talk), count(a.Hold), optional(a.WrapUp), count(a.Ring), mean(a.ScoreMean),
				a.LoginSeconds.String(), count(a.UnsureSessions), percent(a.Occupancy)}
		},
	}
}

type explainCommand struct {
	source
	Day    day        `required:"" help:"Day by the PBX's clock: 2018-11-05, today or yesterday." placeholder:"DAY"`
	Queue  recordedID `xor:"of" required:"" help:"The queue." placeholder:"CODE"`
	Agent  recordedID `xor:"of" required:"" help:"The agent." placeholder:"CODE"`
	Figure string     `help:"Of a queue ${figure_list}; of an agent ${agent_figure_list}." placeholder:"NAME"`
}

// check reports what is wrong with the figure that was asked for, and fills in the default.
func (c *explainCommand) check() error {
	known, first := kpi.CountNames(), "offered"
	if c.Agent != "" {
		known, first = rollup.AgentFigureNames(), string(kpi.AgentAnswered)
	}
	if c.Figure = cmp.Or(c.Figure, first); !slices.Contains(known, c.Figure) {
		return unclear("--figure %s is not one of %s", c.Figure, strings.Join(known, ", "))
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
	if err := c.check(); err != nil {
		return err
	}
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
		return show(p, c.JSON, e.Calls(string(c.Queue), c.Figure), explainColumns, nothing)
	case c.Figure == rollup.SessionsFigure:
		return show(p, c.JSON, e.Sessions(string(c.Agent)), sessionColumns, nothing)
	}
	return show(p, c.JSON, e.AgentCalls(string(c.Agent), c.Figure), agentCallColumns, nothing)
}

var agentCallColumns = columns[rollup.ExplainedAgentCall]{
	Heads: []string{"START", "UUID", "CALLER", "TALK", "ATTEMPTS", "COUNTS AS", "BECAUSE"},
	Cells: func(e rollup.ExplainedAgentCall) []string {
		return []string{e.Start.String(), e.UUID, e.Caller, e.Talk.String(), count(e.Attempts), string(e.As), e.Rule}
	},
}

var sessionColumns = columns[rollup.ExplainedSession]{
	Heads: []string{"FROM", "TO", "SECONDS", "SURE", "BECAUSE"},
	Cells: func(e rollup.ExplainedSession) []string {
		sure := "yes"
		if e.Unsure {
			sure = "no"
		}
		return []string{clock(e.From), clock(e.To), count(int64(e.To.Sub(e.From).Seconds())), sure, e.Rule}
	},
}

// saySealed says to people that a day's records may have expired.
func saySealed(p *program, day pbx.Day, sealed bool) error {
	if !sealed {
		return nil
	}
	_, err := fmt.Fprintf(p.out, "\n%s is sealed: its records expire, so its published figures stay as they are.\n", day)
	return err
}

var explainColumns = columns[rollup.ExplainedCall]{
	Heads: []string{"START", "UUID", "CALLER", "WAIT", "TALK", "AGENT", "COUNTS AS", "BECAUSE"},
	Cells: func(e rollup.ExplainedCall) []string {
		as := string(e.Outcome)
		if e.Class != kpi.ClassQueue {
			as = string(e.Class)
		}
		return []string{e.Start.String(), e.UUID, e.Caller, e.Wait.String(), e.Talk.String(), e.AnsweredBy, as, e.Rule}
	},
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

func optional(n *int64) string {
	if n == nil {
		return ""
	}
	return count(*n)
}

func percent(r *float64) string {
	if r == nil {
		return ""
	}
	return strconv.FormatFloat(*r*100, 'f', 1, 64) + "%"
}

func mean(r *float64) string {
	if r == nil {
		return ""
	}
	return strconv.FormatFloat(*r, 'f', 1, 64)
}
