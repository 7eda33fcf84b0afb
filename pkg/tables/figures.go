package tables

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"trunkline/pkg/each"
	"trunkline/pkg/kpi"
	"trunkline/pkg/listing"
	"trunkline/pkg/naming"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// PBXs shows the figures of whole PBXs.
func PBXs() listing.Columns[kpi.PBXFigures] {
	return listing.Columns[kpi.PBXFigures]{
		Heads: slices.Concat(figureHeads(), []string{"IVR", "DIRECT"}, apartHeads(), []string{"CDR"}),
		Cells: func(r kpi.PBXFigures) []string {
			return slices.Concat(figureCells(r.Figures), []string{count(r.IVROnly), count(r.Direct)}, apartCells(r.Apart), []string{count(r.CDR.Calls)})
		},
	}
}

// Queues shows the figures of queues. It shows calls that are counted apart only if a queue has any.
func Queues(names store.Names, queues []kpi.QueueFigures) listing.Columns[kpi.QueueFigures] {
	heads := apartHeads()
	if !slices.ContainsFunc(queues, func(q kpi.QueueFigures) bool { return q.Apart != kpi.Apart{} }) {
		heads = nil
	}
	return listing.Columns[kpi.QueueFigures]{
		Heads: slices.Concat([]string{"QUEUE"}, figureHeads(), heads),
		Cells: func(q kpi.QueueFigures) []string {
			return slices.Concat([]string{labelled(names, naming.Queue, q.Queue)}, figureCells(q.Figures), apartCells(q.Apart)[:len(heads)])
		},
	}
}

// Agents shows the figures of agents.
func Agents(names store.Names) listing.Columns[kpi.AgentFigures] {
	return listing.Columns[kpi.AgentFigures]{
		Heads: []string{"AGENT", "ANSWERED", "MISSED", "ELSEWHERE", "ATTEMPTS", "OUTBOUND", "DIRECT", "TALK", "HOLD", "WRAP-UP", "RING", "SCORE", "LOGIN", "UNSURE", "OCCUPANCY"},
		Cells: func(a kpi.AgentFigures) []string {
			return []string{labelled(names, naming.Agent, a.Agent), count(a.Answered), count(a.Missed), count(a.AnsweredElsewhere), count(a.Attempts),
				count(a.OutboundCalls), count(a.DirectCalls), count(a.Talk), count(a.Hold), optional(a.WrapUp), count(a.Ring), mean(a.ScoreMean),
				a.LoginSeconds.String(), count(a.UnsureSessions), percent(a.Occupancy)}
		},
	}
}

func figureCells(f kpi.Figures) []string {
	return []string{count(f.Offered), count(f.Answered), count(f.Abandoned), count(f.ShortAbandoned), count(f.Voicemail), count(f.FlowedOut),
		count(f.Unknown), percent(f.ServiceLevel.AnsweredAndAbandoned), percent(f.AbandonmentRate), mean(f.ASA), mean(f.AHT),
		optional(f.LongestWait), optional(f.WaitP90)}
}

func apartCells(a kpi.Apart) []string {
	return []string{count(a.Outbound), count(a.Internal), count(a.Unrecognised)}
}

// labelled returns the id and the name of a queue or agent.
func labelled(names store.Names, kind naming.Kind, id string) string {
	return strings.TrimSpace(id + " " + names.Find(kind, id).Name)
}

func figureHeads() []string {
	return []string{"OFFERED", "ANSWERED", "ABANDONED", "SHORT", "VOICEMAIL", "FLOWED", "UNKNOWN", "SERVICE LEVEL", "ABANDONMENT", "ASA", "AHT", "LONGEST WAIT", "P90"}
}

func apartHeads() []string { return []string{"OUTBOUND", "INTERNAL", "UNRECOGNISED"} }

// PrintDay prints the figures of a published day.
func PrintDay(ctx context.Context, out io.Writer, asked rollup.Asked, d rollup.Shown) error {
	restated := ""
	if d.Latest.Revision > 1 {
		restated = " (see pbxctl kpi restatements)"
	}
	fmt.Fprintf(out, "PBX %s, %s: answered within %d s, abandoned short before %d s; revision %d%s, computed %s\n\n",
		asked.MAC, asked.Day, d.Thresholds.ServiceLevel, d.Thresholds.ShortAbandon, d.Latest.Revision, restated, Clock(d.Latest.ComputedAt))
	nothing := "No queue had calls."
	if asked.Queue != "" {
		nothing = fmt.Sprintf("Queue %s had no calls.", listing.Plain(asked.Queue))
	}
	if err := listing.Table(ctx, out, each.Of(d.Queues...), Queues(d.Names, d.Queues), nothing); err != nil || !asked.All {
		return err
	}
	fmt.Fprintln(out, "\nThe whole PBX")
	if err := listing.Table(ctx, out, each.Of(d.PBX...), PBXs(), ""); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nAgents")
	return listing.Table(ctx, out, each.Of(d.Agents...), Agents(d.Names), "No agent had calls or sessions.")
}

// Named returns the figures of a day for programs, each with the name of its queue or agent as queue_name or agent_name,
// if it has one.
func Named(d rollup.Shown) []any {
	all := make([]any, len(d.PublishedDay.All))
	for i, figures := range d.PublishedDay.All {
		all[i] = withName(figures, d.Names)
	}
	return all
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
