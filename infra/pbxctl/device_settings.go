package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

type deviceSetCommand struct {
	source
	Name             *string `help:"What people call it." placeholder:"NAME"`
	Site             *string `help:"Where it stands." placeholder:"NAME"`
	Zone             *string `help:"Time zone of its clock, such as Europe/Berlin or +05:45; empty: to be inferred from its calls." placeholder:"ZONE"`
	SLAThreshold     *int64  `name:"sla-threshold" help:"Seconds within which a call should be answered." placeholder:"N"`
	ShortAbandon     *int64  `help:"Seconds before which an abandoned call is short." placeholder:"N"`
	TalkIncludesHold *bool   `negatable:"" help:"Its talk times include hold already."`
}

// Help is the long form of the command's help.
func (deviceSetCommand) Help() string {
	return `What is not named stays as it is. Figures that were published keep the thresholds of
their day in curated/ until they are rolled up again; pbxctl kpi shows any threshold.

Examples:
  pbxctl device set --mac 68:69:2e:0b:00:01 --name Reception --zone Asia/Shanghai --data ./data
  pbxctl device set --mac 68692e0b0001 --sla-threshold 30 --table trunkline-Table-1A2B`
}

// Run implements the command.
func (c *deviceSetCommand) Run(p *program) error {
	if c.Name == nil && c.Site == nil && c.Zone == nil && c.SLAThreshold == nil && c.ShortAbandon == nil && c.TalkIncludesHold == nil {
		return errors.New("nothing is named that should change; see pbxctl device set --help")
	}
	m, err := c.change(p, func(_ pbx.MAC, d *store.Device) error { return c.apply(d) })
	if err != nil {
		return err
	}
	return show(p, c.JSON, values([]member{m}, nil), deviceColumns, "")
}

// apply changes what was named.
func (c *deviceSetCommand) apply(d *store.Device) (err error) {
	if c.Name != nil {
		d.Name = *c.Name
	}
	if c.Site != nil {
		d.Site = *c.Site
	}
	if c.TalkIncludesHold != nil {
		d.TalkIncludesHold = *c.TalkIncludesHold
	}
	if c.Zone != nil {
		d.Zone = pbx.Zone{}
		if *c.Zone != "" {
			d.Zone, err = pbx.ParseZone(*c.Zone)
		}
		if err != nil {
			return fmt.Errorf("--zone: %w", err)
		}
	}
	if err := setSeconds(&d.ServiceLevel, "--sla-threshold", c.SLAThreshold); err != nil {
		return err
	}
	return setSeconds(&d.ShortAbandon, "--short-abandon", c.ShortAbandon)
}

func setSeconds(threshold *pbx.Int, flag string, n *int64) error {
	if n == nil {
		return nil
	}
	const most = 24 * 60 * 60
	if *n < 0 || *n > most {
		return fmt.Errorf("%s: %d is not a number of seconds from 0 to %d", flag, *n, most)
	}
	*threshold = pbx.IntOf(*n)
	return nil
}

// write calls use with the records, to change single ones.
func (s source) write(p *program, use func(*store.Store) error) error {
	if s.Data == "" {
		return s.open(p, use)
	}
	table, err := local.OpenTable(p.ctx, s.Data)
	if err != nil {
		return err
	}
	defer table.Close()
	return use(store.New(table, p.now))
}

type deviceListCommand struct {
	place
}

// Help is the long form of the command's help.
func (deviceListCommand) Help() string {
	return `A zone in brackets was inferred from the PBX's calls. SLA and SHORT are thresholds in
seconds; - is the default. URLs of GENERATION and those after it open.

Example:
  pbxctl device list --data ./data`
}

// member is a PBX of the fleet.
type member struct {
	MAC pbx.MAC `json:"mac"`
	store.Device
	Inferred pbx.Zone `json:"inferred_zone,omitzero"`
}

// memberOf is what is known of a PBX.
func memberOf(ctx context.Context, s *store.Store, mac pbx.MAC) (m member, err error) {
	m.MAC = mac
	if m.Device, err = s.Device(ctx, mac); err != nil {
		return m, err
	}
	seen, err := s.Seen(ctx, mac)
	m.Inferred = seen.Zone
	return m, err
}

// zone is the best that is known of where its clock stands.
func (m member) zone() pbx.Zone { return m.Zone.Or(m.Inferred).Or(pbx.UTC) }

// Run implements the command.
func (c *deviceListCommand) Run(p *program) error {
	return c.open(p, func(s *store.Store) error {
		return show(p, c.JSON, func(yield func(member, error) bool) {
			for mac, err := range s.Fleet(p.ctx) {
				var m member
				if err == nil {
					m, err = memberOf(p.ctx, s, mac)
				}
				if !yield(m, err) || err != nil {
					return
				}
			}
		}, deviceColumns, "No PBX has sent anything yet.")
	})
}

var deviceColumns = columns[member]{
	[]string{"MAC", "NAME", "SITE", "ZONE", "SLA", "SHORT", "TALK INCLUDES HOLD", "STATE", "GENERATION"},
	func(m member) []string {
		zone, state, includes := m.Zone.String(), "enabled", "no"
		if zone == "" && m.Inferred.Known() {
			zone = "(" + m.Inferred.String() + ")"
		}
		if m.Disabled {
			state = "disabled"
		}
		if m.TalkIncludesHold {
			includes = "yes"
		}
		return []string{string(m.MAC), m.Name, m.Site, zone, m.ServiceLevel.String(), m.ShortAbandon.String(),
			includes, state, strconv.FormatUint(uint64(max(1, m.MinGeneration)), 10)}
	},
}
