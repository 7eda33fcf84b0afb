package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"trunkline/pkg/config"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// deviceFlags are what can be said of a PBX.
type deviceFlags struct {
	Name             *string `help:"What people call it." placeholder:"NAME"`
	Site             *string `help:"Where it stands." placeholder:"NAME"`
	Zone             *string `help:"Time zone of its clock, such as Europe/Berlin or +05:45; empty: to be inferred from its calls." placeholder:"ZONE"`
	SLAThreshold     *int64  `name:"sla-threshold" help:"Seconds within which a call should be answered." placeholder:"N"`
	ShortAbandon     *int64  `help:"Seconds before which an abandoned call is short." placeholder:"N"`
	TalkIncludesHold *bool   `negatable:"" help:"Its talk times include hold already."`
}

// apply changes what was named.
func (f deviceFlags) apply(d *store.Device) error {
	if f.TalkIncludesHold != nil {
		d.TalkIncludesHold = *f.TalkIncludesHold
	}
	for _, flag := range []struct {
		name  string
		value *string
		set   func(*store.Device, string) error
	}{
		{"--name", f.Name, setName}, {"--site", f.Site, setSite}, {"--zone", f.Zone, setZone},
		{"--sla-threshold", decimal(f.SLAThreshold), setServiceLevel}, {"--short-abandon", decimal(f.ShortAbandon), setShortAbandon},
	} {
		if flag.value == nil {
			continue
		}
		if err := flag.set(d, *flag.value); err != nil {
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

func setName(d *store.Device, s string) error {
	d.Name = s
	return store.CheckName(s)
}

func setSite(d *store.Device, s string) error {
	d.Site = s
	return store.CheckName(s)
}

func setZone(d *store.Device, s string) error { return d.Zone.UnmarshalText([]byte(s)) }

func setServiceLevel(d *store.Device, s string) error { return setSeconds(&d.ServiceLevel, s) }

func setShortAbandon(d *store.Device, s string) error { return setSeconds(&d.ShortAbandon, s) }

// setSeconds sets a threshold; empty: the default.
func setSeconds(threshold *pbx.Int, s string) error {
	*threshold = pbx.Int{}
	if s == "" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > store.MaxThreshold {
		return fmt.Errorf("%.40s is not a number of seconds from 0 to %d", s, store.MaxThreshold)
	}
	*threshold = pbx.IntOf(n)
	return nil
}

type deviceSetCommand struct {
	source
	deviceFlags
}

// Help is the long form of the command's help.
func (deviceSetCommand) Help() string {
	return `What is not named stays as it is. After another zone was set, published days are computed
again, the latest first, over some hours. Figures that were published keep the thresholds of
their day in curated/ until they are rolled up again; pbxctl kpi shows any threshold. For many
PBXs see pbxctl device import.

Examples:
  pbxctl device set --mac 68:69:2e:0b:00:01 --name Reception --zone Asia/Shanghai --data ./data
  pbxctl device set --mac 68692e0b0001 --sla-threshold 30 --table trunkline-Table-1A2B`
}

// Run implements the command.
func (c *deviceSetCommand) Run(p *program) error {
	if c.deviceFlags == (deviceFlags{}) {
		return errors.New("nothing is named that should change; see pbxctl device set --help")
	}
	m, err := c.change(p, func(_ pbx.MAC, d *store.Device) error { return c.apply(d) })
	if err != nil {
		return err
	}
	return show(p, c.JSON, values([]member{m}, nil), deviceColumns, "")
}

type deviceAddCommand struct {
	source
	deviceFlags
}

// Help is the long form of the command's help.
func (deviceAddCommand) Help() string {
	return `Puts a PBX on the fleet list before it has sent anything, with what is said of it. One of
which something was said already is left alone: see pbxctl device set. For many PBXs see
pbxctl device import.

Example:
  pbxctl device add --mac 68:69:2e:0b:00:01 --name Reception --site Berlin --data ./data
  pbxctl device url --mac 68:69:2e:0b:00:01 --base https://pbx.example.com --data ./data`
}

// Run implements the command.
func (c *deviceAddCommand) Run(p *program) error {
	m, err := c.change(p, func(mac pbx.MAC, d *store.Device) error {
		if !reflect.DeepEqual(*d, store.Device{}) {
			return fmt.Errorf("%s has settings already: change them with pbxctl device set", mac)
		}
		return c.apply(d)
	})
	if err != nil {
		return err
	}
	return show(p, c.JSON, values([]member{m}, nil), deviceColumns, "")
}

// write calls use with the records, to change single ones.
func (s place) write(p *program, use func(*store.Store) error) error {
	if s.Data == "" {
		return s.open(p, use)
	}
	table, err := local.OpenTable(p.ctx, s.Data)
	if err != nil {
		return err
	}
	defer table.Close()
	return p.withRecords(table, use)
}

type deviceListCommand struct {
	place
}

// Help is the long form of the command's help.
func (deviceListCommand) Help() string {
	return `A zone in brackets was inferred from the PBX's calls. SLA and SHORT are thresholds in
seconds; - is the default. URLs of GENERATION and those after it open. HEARD is when the PBX
last sent something, to a quarter of an hour, and KEY the key that signed its URL.

Example:
  pbxctl device list --data ./data`
}

// member is a PBX of the fleet.
type member struct {
	MAC pbx.MAC `json:"mac"`
	store.Device
	Inferred pbx.Zone  `json:"inferred_zone,omitzero"`
	Heard    time.Time `json:"last_heard,omitzero"`
	KID      string    `json:"kid,omitempty"`
}

// memberOf is what is known of a PBX.
func memberOf(ctx context.Context, s *store.Store, mac pbx.MAC) (m member, err error) {
	m.MAC = mac
	if m.Device, err = s.Device(ctx, mac); err != nil {
		return m, err
	}
	seen, err := s.Seen(ctx, mac)
	if err != nil {
		return m, err
	}
	heard, err := s.Heard(ctx, mac)
	m.Inferred, m.Heard, m.KID = seen.Zone, heard.Last, heard.KID
	return m, err
}

// zoneOf is where the clock of a PBX stands, as far as is known; else DEFAULT_ZONE.
func (p *program) zoneOf(m member) (pbx.Zone, error) {
	schedule, err := config.ReadSchedule(p.getenv)
	return store.ClockZone(m.Device, store.Seen{Zone: m.Inferred}, schedule.DefaultZone), err
}

// Run implements the command.
func (c *deviceListCommand) Run(p *program) error {
	return c.open(p, func(s *store.Store) error {
		return show(p, c.JSON, store.FleetOf(p.ctx, s, memberOf), deviceColumns, "No PBX has sent anything yet.")
	})
}

var deviceColumns = columns[member]{
	[]string{"MAC", "NAME", "SITE", "ZONE", "SLA", "SHORT", "TALK INCLUDES HOLD", "STATE", "GENERATION", "HEARD", "KEY"},
	func(m member) []string {
		zone, state, includes, heard := m.Zone.String(), "enabled", "no", "-"
		if zone == "" && m.Inferred.Known() {
			zone = "(" + m.Inferred.String() + ")"
		}
		if m.Disabled {
			state = "disabled"
		}
		if m.TalkIncludesHold {
			includes = "yes"
		}
		if !m.Heard.IsZero() {
			heard = clock(m.Heard)
		}
		return []string{string(m.MAC), m.Name, m.Site, zone, m.ServiceLevel.String(), m.ShortAbandon.String(),
			includes, state, strconv.FormatUint(uint64(max(1, m.MinGeneration)), 10), heard, cmp.Or(m.KID, "-")}
	},
}
