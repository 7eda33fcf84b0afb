package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// change changes the settings of a PBX, and returns what they are then.
func (s source) change(p *program, apply func(pbx.MAC, *store.Device) error) (m member, err error) {
	err = s.write(p, func(records *store.Store) error {
		_, err := records.ChangeDevice(p.ctx, s.MAC, func(d *store.Device) error { return apply(s.MAC, d) })
		if err == nil {
			_, err = rollup.Recheck(p.ctx, records, s.MAC, p.now())
		}
		if err == nil {
			m, err = memberOf(p.ctx, records, s.MAC)
		}
		return err
	})
	return m, err
}

type deviceAliasCommand struct {
	source
	Alias  pbx.MAC `required:"" help:"The other MAC that its events name." placeholder:"MAC"`
	Remove bool    `help:"Its events may no longer name that MAC."`
}

// Help is the long form of the command's help.
func (deviceAliasCommand) Help() string {
	return `A PBX that took another's place, with its settings, may go on to name the old one's MAC in
what it sends. That is refused, and kept in quarantine, until the old MAC is an alias of the
new one; a server that runs knows it within a minute. What was refused can be released then:
pbxctl quarantine release --all --mac MAC.

Example:
  pbxctl device alias --mac 68:69:2e:0b:00:02 --alias 68:69:2e:0b:00:01 --data ./data`
}

// aliased is a PBX and its aliases.
type aliased struct {
	MAC     pbx.MAC   `json:"mac"`
	Aliases []pbx.MAC `json:"aliases"`
}

// aliasesAtMost is more than any PBX has replaced.
const aliasesAtMost = 100

// Run implements the command.
func (c *deviceAliasCommand) Run(p *program) error {
	m, err := c.change(p, func(mac pbx.MAC, d *store.Device) error { return c.apply(mac, c.Alias, d) })
	if err != nil {
		return err
	}
	found := []aliased{{m.MAC, append([]pbx.MAC{}, m.Aliases...)}}
	return show(p, c.JSON, values(found, nil), aliasColumns, "")
}

func (c *deviceAliasCommand) apply(mac, alias pbx.MAC, d *store.Device) error {
	at, there := slices.BinarySearch(d.Aliases, alias)
	switch {
	case c.Remove && !there:
		return fmt.Errorf("--alias: %s is no alias of %s", alias, mac)
	case c.Remove:
		d.Aliases = slices.Delete(d.Aliases, at, at+1)
	case alias == mac:
		return fmt.Errorf("--alias: %s is the PBX's own MAC", alias)
	case !there && len(d.Aliases) >= aliasesAtMost:
		return fmt.Errorf("--alias: %s has %d aliases already; see --remove", mac, len(d.Aliases))
	case !there:
		d.Aliases = slices.Insert(d.Aliases, at, alias)
	}
	return nil
}

var aliasColumns = columns[aliased]{
	[]string{"MAC", "ALIASES"},
	func(a aliased) []string {
		texts := make([]string, len(a.Aliases))
		for i, alias := range a.Aliases {
			texts[i] = string(alias)
		}
		return []string{string(a.MAC), strings.Join(texts, " ")}
	},
}

type deviceDisableCommand struct {
	source
}

// Help is the long form of the command's help.
func (deviceDisableCommand) Help() string {
	return `A server that runs refuses its events within a minute. What it sent stays.

Example:
  pbxctl device disable --mac 68:69:2e:0b:00:01 --data ./data`
}

// Run implements the command.
func (c *deviceDisableCommand) Run(p *program) error { return c.disable(p, true) }

type deviceEnableCommand struct {
	source
}

// Help is the long form of the command's help.
func (deviceEnableCommand) Help() string {
	return `A server that runs takes its events within a minute.

Example:
  pbxctl device enable --mac 68:69:2e:0b:00:01 --data ./data`
}

// Run implements the command.
func (c *deviceEnableCommand) Run(p *program) error { return c.disable(p, false) }

func (s source) disable(p *program, disabled bool) error {
	m, err := s.change(p, func(_ pbx.MAC, d *store.Device) error {
		d.Disabled = disabled
		return nil
	})
	if err != nil {
		return err
	}
	return show(p, s.JSON, values([]member{m}, nil), deviceColumns, "")
}

type deviceRevokeCommand struct {
	source
}

// Help is the long form of the command's help.
func (deviceRevokeCommand) Help() string {
	return `For a URL that became known: URLs of the least generation that opens until now, and of
those before it, open no longer; a server that runs knows it within a minute. The PBX needs
a new one. The generation of a URL is the number in its last part: …/k1-2-… is of the second.

Example:
  pbxctl device revoke --mac 68:69:2e:0b:00:01 --data ./data`
}

// Run implements the command.
func (c *deviceRevokeCommand) Run(p *program) error {
	m, err := c.change(p, func(_ pbx.MAC, d *store.Device) error {
		if d.MinGeneration == math.MaxUint32 {
			return errors.New("there is no generation after this PBX's: its last URL can only be cut off with pbxctl device disable")
		}
		d.MinGeneration = max(1, d.MinGeneration) + 1
		return nil
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return show(p, true, values([]member{m}, nil), deviceColumns, "")
	}
	fmt.Fprintf(p.out, "URLs of %s below generation %d open no longer. A new one:\n", m.MAC, m.MinGeneration)
	where := "--data " + c.Data
	if c.Table != "" {
		where = "--table " + c.Table + " --secret ARN"
	}
	_, err = fmt.Fprintf(p.out, "  pbxctl device url --mac %s --base URL %s\n", m.MAC, where)
	return err
}
