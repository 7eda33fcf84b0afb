package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/redrive"
	"trunkline/pkg/store"
)

type spillCommands struct {
	List    spillListCommand    `cmd:"" help:"List what one store keeps for the other, which was down."`
	Redrive spillRedriveCommand `cmd:"" help:"Hand it on now."`
}

type spillListCommand struct {
	where
	showing
}

// Help is the long form of the command's help.
func (spillListCommand) Help() string {
	return `While the archive is down, the table keeps envelopes for it; while the table is down, the
archive does so (in spill/). Every hour they are handed on. TRIES are the runs that could
not record them though the table worked: after 24, they go to quarantine.

Examples:
  pbxctl spill list --data ./data
  pbxctl spill list --stack trunkline --json`
}

// spilled is what one store keeps for the other: events of one delivery.
type spilled struct {
	Where    string    `json:"where"` // the store that keeps it: table or archive
	Received time.Time `json:"received,omitzero"`
	MAC      pbx.MAC   `json:"mac,omitempty"`
	Events   int       `json:"events"`
	Kinds    []string  `json:"kinds"`
	Tries    int       `json:"tries"`
	Bytes    int       `json:"bytes"`
	Name     string    `json:"name,omitempty"` // in the archive
}

// Run implements the command.
func (c *spillListCommand) Run(p *program) error {
	return c.readBoth(p, func(s *store.Store, b archive.Bucket) error {
		return show(p, c.JSON, allSpilled(p, s, b), spilledColumns, "Nothing is spilled.")
	})
}

// allSpilled yields what the table keeps for the archive, then what that keeps for the table.
func allSpilled(p *program, s *store.Store, b archive.Bucket) iter.Seq2[spilled, error] {
	texts := each.Map(p.ctx, s.AllSpilled(p.ctx), each.Text, func(_ context.Context, sp store.Spilled) (spilled, error) {
		if sp.Done {
			return spilled{}, each.ErrNone
		}
		row := newSpilled("table", sp.Text)
		row.MAC, row.Received = sp.MAC, sp.Received
		return row, nil
	})
	objects := each.Map(p.ctx, b.List(p.ctx, archive.SpillPrefix, ""), each.Text, func(ctx context.Context, name string) (spilled, error) {
		lines, err := b.Get(ctx, name)
		if errors.Is(err, fs.ErrNotExist) { // handed on meanwhile
			err = each.ErrNone
		}
		row := newSpilled("archive", lines)
		row.Name, row.Tries = name, redrive.Tries(name)
		return row, err
	})
	return each.Join(texts, objects)
}

// newSpilled tells of the envelopes in lines.
func newSpilled(where string, lines []byte) spilled {
	s := spilled{Where: where, Bytes: len(lines), Kinds: []string{}}
	for line := range bytes.Lines(lines) {
		s.Events++
		receipt, err := archive.ParseReceipt(line)
		if err == nil && s.MAC == "" {
			s.MAC, s.Received = receipt.MAC, receipt.Received
		}
		if kind := cmp.Or(string(receipt.Kind), "unreadable"); !slices.Contains(s.Kinds, kind) {
			s.Kinds = append(s.Kinds, kind)
		}
	}
	return s
}

var spilledColumns = columns[spilled]{
	[]string{"IN", "RECEIVED", "MAC", "EVENTS", "KINDS", "TRIES", "BYTES"},
	func(s spilled) []string {
		return []string{s.Where, clockOr(s.Received), string(s.MAC), strconv.Itoa(s.Events), strings.Join(s.Kinds, ", "),
			strconv.Itoa(s.Tries), strconv.Itoa(s.Bytes)}
	},
}

// clockOr is clock, empty where the time is not known.
func clockOr(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return clock(t)
}

type spillRedriveCommand struct {
	where
	showing
}

// Help is the long form of the command's help.
func (spillRedriveCommand) Help() string {
	return `The hourly schedule, and pbxctl serve, hand on what is spilled by themselves; this does it
now. It may be stopped anywhere, and does no harm beside the schedule.

Examples:
  pbxctl spill redrive --data ./data
  pbxctl spill redrive --stack trunkline`
}

// redriven is a redrive.Report for programs.
type redriven struct {
	Archived    int `json:"archived"`
	Recorded    int `json:"recorded"`
	Quarantined int `json:"quarantined"`
	Failed      int `json:"failed"`
}

// Run implements the command.
func (c *spillRedriveCommand) Run(p *program) error {
	return c.writeBoth(p, func(s *store.Store, b archive.Bucket) error {
		report, err := redrive.New(s, b, p.now).Run(p.ctx)
		if c.JSON {
			return errors.Join(err, jsonLines(p.out).Encode(redriven(report)))
		}
		fmt.Fprintf(p.out, "%d archived, %d recorded, %d quarantined, %d failed\n",
			report.Archived, report.Recorded, report.Quarantined, report.Failed)
		return err
	})
}
