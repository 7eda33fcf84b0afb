package main

import (
	"bytes"
	"fmt"
	"strings"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type quarantineCommands struct {
	List    quarantineListCommand    `cmd:"" help:"List the events that were refused, or can't be recorded."`
	Show    quarantineShowCommand    `cmd:"" help:"Show a whole event."`
	Release quarantineReleaseCommand `cmd:"" help:"Record refused events, after you have removed the reason."`
	Discard quarantineDiscardCommand `cmd:"" help:"Delete refused events for good."`
}

type quarantineListCommand struct {
	MAC pbx.MAC `name:"mac" help:"Only this PBX." placeholder:"MAC"`
	utcDays
	where
	JSON bool `name:"json" help:"One JSON object per line."`
}

// Help is the long form of the command's help.
func (quarantineListCommand) Help() string {
	return `The oldest days come first. BODY is how the body begins.

Examples:
  pbxctl quarantine list --data ./data
  pbxctl quarantine list --mac 68692e0b0001 --day 2026-11-01.. --stack trunkline --json`
}

// Run implements the command.
func (c *quarantineListCommand) Run(p *program) error {
	first, last, err := c.Day.inUTC(p)
	if err != nil {
		return err
	}
	return c.readArchive(p, func(b archive.Bucket) error {
		return show(p, c.JSON, replay.ListRefused(p.ctx, b, archive.Quarantined{MAC: c.MAC, First: first, Last: last}), tables.Refused(), "Nothing is in quarantine.")
	})
}

type quarantineShowCommand struct {
	Name string `arg:"" help:"As pbxctl quarantine list shows it."`
	where
	JSON bool `name:"json" help:"Print the envelope as it is archived."`
}

// Help is the long form of the command's help.
func (quarantineShowCommand) Help() string {
	return `Characters that could steer the terminal are shown as �. --json prints the body exactly as it
was received: in body, or in body_base64 if it is not UTF-8.

Example:
  pbxctl quarantine show quarantine/dt=2026-11-24/68692e0b0001-….json --data ./data`
}

// Run implements the command.
func (c *quarantineShowCommand) Run(p *program) error {
	if err := checkQuarantined(c.Name); err != nil {
		return err
	}
	return c.readArchive(p, func(b archive.Bucket) error {
		object, err := b.Get(p.ctx, c.Name)
		if err != nil {
			return replay.NotThere(c.Name, err)
		}
		receipt, err := archive.ParseReceipt(object)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		if c.JSON {
			_, err = fmt.Fprintf(p.out, "%s\n", bytes.TrimSpace(object))
			return err
		}
		return tables.PrintReceipt(p.out, c.Name, receipt)
	})
}

// checkQuarantined fails for a name that can't be that of an event in quarantine.
func checkQuarantined(names ...string) error {
	for _, name := range names {
		if err := archive.CheckName(name); err != nil {
			return err
		}
		if !strings.HasPrefix(name, archive.QuarantinePrefix) {
			return unclear("%.200s is not the name of an event in quarantine: that begins with %s", name, archive.QuarantinePrefix)
		}
	}
	return nil
}

type quarantineReleaseCommand struct {
	Names  []string `arg:"" optional:"" name:"name" help:"As pbxctl quarantine list shows them."`
	All    bool     `help:"Release all events in quarantine."`
	Reason string   `help:"With --all: only events whose reason contains this text, in capitals or not." placeholder:"TEXT"`
	Day    days     `help:"With --all: only events that were received on these UTC days: DAY, DAY..DAY, DAY.. or ..DAY, with 2018-11-05, today or yesterday for DAY." placeholder:"DAYS"`
	MAC    pbx.MAC  `name:"mac" help:"With --all: only this PBX." placeholder:"MAC"`
	where
	showing
}

// Help is the long form of the command's help.
func (quarantineReleaseCommand) Help() string {
	return `It decodes each event again. If that succeeds, and the event names the PBX's own MAC or an alias,
the event is recorded and archived with the time of its receipt. Otherwise the event stays in
quarantine, and is named; all others are released, and the exit code is 1. After an upgrade, the
hourly run retries by itself what an older version of the decoder refused.

Examples:
  pbxctl quarantine release quarantine/dt=2026-11-24/68692e0b0001-….json --data ./data
  pbxctl quarantine release --all --reason 'names the MAC' --day 2026-11-20.. --data ./data
  pbxctl quarantine release --all --mac 68692e0b0001 --stack trunkline`
}

// Run implements the command.
func (c *quarantineReleaseCommand) Run(p *program) error {
	switch {
	case c.All == (len(c.Names) > 0):
		return unclear("which events? Give their names, or --all")
	case !c.All && (c.MAC != "" || c.Reason != "" || c.Day != days{}):
		return unclear("--reason, --day and --mac go with --all")
	}
	if err := checkQuarantined(c.Names...); err != nil {
		return err
	}
	first, last, err := c.Day.inUTC(p)
	if err != nil {
		return err
	}
	return c.writeBoth(p, func(s *store.Store, b archive.Bucket) error {
		names := each.Of(c.Names...)
		if c.All {
			names = replay.Selected(p.ctx, b, archive.Quarantined{MAC: c.MAC, First: first, Last: last}, c.Reason)
		}
		return tables.PrintAttempts(p.out, c.JSON, "released", func(did func(replay.Attempt)) error {
			return replay.ReleaseAll(p.ctx, s, p.keeper(b), b, names, did)
		})
	})
}

type quarantineDiscardCommand struct {
	Names []string `arg:"" name:"name" help:"As pbxctl quarantine list shows them."`
	Yes   bool     `help:"Don't ask."`
	where
	JSON bool `name:"json" help:"One JSON object per line."`
}

// Help is the long form of the command's help.
func (quarantineDiscardCommand) Help() string {
	return `Most events in quarantine have no other copy.

Example:
  pbxctl quarantine discard quarantine/dt=2026-11-24/68692e0b0001-….json --data ./data`
}

// Run implements the command.
func (c *quarantineDiscardCommand) Run(p *program) error {
	if err := checkQuarantined(c.Names...); err != nil {
		return err
	}
	if !c.Yes {
		question := fmt.Sprintf("Delete for good: %d of those in quarantine?", len(c.Names))
		if err := p.confirm(question, "discarded events can't be restored: give --yes where nobody can be asked"); err != nil {
			return err
		}
	}
	return c.writeArchive(p, func(b archive.Bucket) error {
		return tables.PrintAttempts(p.out, c.JSON, "discarded", func(did func(replay.Attempt)) error {
			return replay.DiscardAll(p.ctx, b, each.Of(c.Names...), did)
		})
	})
}
