package main

import (
	"context"
	"fmt"
	"iter"
	"strconv"

	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

// deviceFlags are the settings of a PBX.
type deviceFlags struct {
	Name             *string `help:"Name of the PBX." placeholder:"NAME"`
	Site             *string `help:"Site of the PBX." placeholder:"NAME"`
	Zone             *string `help:"Time zone of the PBX's clock, such as Europe/Berlin or +05:45; empty: infer it from calls." placeholder:"ZONE"`
	SLAThreshold     *int64  `name:"sla-threshold" help:"Seconds within which a call should be answered." placeholder:"N"`
	ShortAbandon     *int64  `help:"Seconds before which an abandoned call is short." placeholder:"N"`
	TalkIncludesHold *bool   `negatable:"" help:"The PBX's talk times include hold."`
}

// Validate refuses bad values when the command line is read.
func (f deviceFlags) Validate() error { return f.apply(&store.Device{}) }

// apply changes the settings that were given.
func (f deviceFlags) apply(d *store.Device) error {
	for _, flag := range []struct {
		name, head string
		value      *string
	}{
		{"--name", "name", f.Name}, {"--site", "site", f.Site}, {"--zone", "zone", f.Zone},
		{"--sla-threshold", "sla_threshold_seconds", decimal(f.SLAThreshold)},
		{"--short-abandon", "short_abandon_seconds", decimal(f.ShortAbandon)},
		{"--talk-includes-hold", "talk_includes_hold", switched(f.TalkIncludesHold)},
	} {
		if flag.value == nil {
			continue
		}
		if err := devices.Setting(flag.head).Set(d, *flag.value); err != nil {
			return fmt.Errorf("%s: %w", flag.name, err)
		}
	}
	return nil
}

func decimal(n *int64) *string {
	if n == nil {
		return nil
	}
	text := strconv.FormatInt(*n, 10)
	return &text
}

func switched(b *bool) *string {
	if b == nil {
		return nil
	}
	text := devices.YesOrNo(*b)
	return &text
}

type deviceSetCommand struct {
	target
	deviceFlags
}

// Help is the long form of the command's help.
func (deviceSetCommand) Help() string {
	return `Settings that are not given stay as they are. A PBX that is not in the fleet is refused, since its
MAC may be mistyped; --new adds it. After a change of the zone, published days are computed again
over some hours, the latest first. Published figures in curated/ keep the thresholds of their day
until they are rolled up again; pbxctl kpi shows any threshold. For many PBXs use pbxctl device
import.

Examples:
  pbxctl device set 68:69:2e:0b:00:01 --name Reception --zone Asia/Shanghai --data ./data
  pbxctl device set 68692e0b0001 --sla-threshold 30 --stack trunkline`
}

// Run implements the command.
func (c *deviceSetCommand) Run(p *program) error {
	if c.deviceFlags == (deviceFlags{}) {
		return unclear("which setting? Give one, such as --name; see pbxctl device set --help")
	}
	m, err := c.change(p, c.apply)
	if err != nil {
		return err
	}
	return showMember(p, c.JSON, m)
}

// showMember shows one PBX.
func showMember(p *program, asJSON bool, m devices.Member) error {
	return show(p, asJSON, each.Of(m), tables.Devices(), "")
}

type deviceAddCommand struct {
	source
	deviceFlags
}

// Help is the long form of the command's help.
func (deviceAddCommand) Help() string {
	return `Adds a PBX to the fleet, with its settings, before it has sent anything. It refuses a PBX that
has settings: change those with pbxctl device set. For many PBXs use pbxctl device import. The
URL of a PBX that was removed becomes valid again.

Examples:
  pbxctl device add 68:69:2e:0b:00:01 --name Reception --site Berlin --data ./data
  pbxctl device url 68:69:2e:0b:00:01 --base https://pbx.example.com --data ./data`
}

// Run implements the command.
func (c *deviceAddCommand) Run(p *program) error {
	var m devices.Member
	var removed bool
	err := c.writeRecords(p, func(s *store.Store) (err error) {
		if removed, err = devices.Add(p.ctx, s, c.MAC, p.now(), c.apply); err != nil {
			return err
		}
		m, err = devices.Read(p.ctx, s, c.MAC)
		return err
	})
	if err != nil {
		return err
	}
	if removed {
		fmt.Fprintf(p.errs, "%s was removed before. Its URL is valid again; if others may know it, see pbxctl device revoke.\n", c.MAC)
	}
	return showMember(p, c.JSON, m)
}

type deviceListCommand struct {
	where
	showing
	Waiting bool `help:"Only PBXs that have sent nothing yet."`
}

// Help is the long form of the command's help.
func (deviceListCommand) Help() string {
	return `A zone in brackets was inferred from the PBX's calls. SLA and SHORT are thresholds in
seconds; - is the default. URLs of GENERATION and later ones are valid. HEARD is when the PBX
last sent something, to a quarter of an hour. KEY is the key that signed its URL. A setting
that can't be read is shown as it is stored, and listed below.

Examples:
  pbxctl device list --data ./data
  pbxctl device list --waiting --data ./data`
}

// Run implements the command.
func (c *deviceListCommand) Run(p *program) error {
	nothing := "No PBX has sent anything yet."
	if c.Waiting {
		nothing = "All PBXs have sent something."
	}
	return c.readRecords(p, func(s *store.Store) error {
		var unreadable []devices.Member
		err := show(p, c.JSON, c.listed(p.ctx, s, &unreadable), tables.Devices(), nothing)
		if !c.JSON {
			tables.PrintUnreadable(p.errs, unreadable)
		}
		return err
	})
}

// listed yields the PBXs that were asked for, and notes those with settings that can't be read.
func (c *deviceListCommand) listed(ctx context.Context, s *store.Store, unreadable *[]devices.Member) iter.Seq2[devices.Member, error] {
	return each.Where(store.FleetOf(ctx, s, devices.Read), func(m devices.Member) bool {
		if c.Waiting && !m.Waiting() {
			return false
		}
		if len(m.Unreadable) > 0 {
			*unreadable = append(*unreadable, m)
		}
		return true
	})
}
