package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

type deviceAliasCommand struct {
	target
	Alias  pbx.MAC `required:"" help:"The other MAC that its events name." placeholder:"MAC"`
	Remove bool    `help:"Its events may no longer name that MAC."`
}

// Help is the long form of the command's help.
func (deviceAliasCommand) Help() string {
	return `A PBX that took another's place, with its settings, may go on to name the old one's MAC in
what it sends. That is refused, and kept in quarantine, until the old MAC is an alias of the
new one; a server that runs knows it within a minute. One of which all was refused is not in the
fleet yet: say --new. What was refused can be released then:
pbxctl quarantine release --all --mac MAC.

Example:
  pbxctl device alias --mac 68:69:2e:0b:00:02 --alias 68:69:2e:0b:00:01 --data ./data`
}

// aliased is a PBX and its aliases.
type aliased struct {
	MAC     pbx.MAC   `json:"mac"`
	Aliases []pbx.MAC `json:"aliases"`
}

// Run implements the command.
func (c *deviceAliasCommand) Run(p *program) error {
	m, err := c.change(p, func(d *store.Device) error { return c.apply(c.MAC, c.Alias, d) })
	if err != nil {
		return err
	}
	found := []aliased{{m.MAC, append([]pbx.MAC{}, m.Aliases...)}}
	return show(p, c.JSON, each.Of(found...), aliasColumns, "")
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
	d.Unreadable = d.Unreadable.Without("aliases")
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
	target
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
	target
}

// Help is the long form of the command's help.
func (deviceEnableCommand) Help() string {
	return `A server that runs takes its events within a minute.

Example:
  pbxctl device enable --mac 68:69:2e:0b:00:01 --data ./data`
}

// Run implements the command.
func (c *deviceEnableCommand) Run(p *program) error { return c.disable(p, false) }

func (t target) disable(p *program, disabled bool) error {
	m, err := t.change(p, func(d *store.Device) error { return setting("disabled").set(d, yesOrNo(disabled)) })
	if err != nil {
		return err
	}
	return showMember(p, t.JSON, m)
}

type deviceRevokeCommand struct {
	target
	Below string `help:"URLs below this generation open no longer; else one generation more than now." placeholder:"N"`
}

// Help is the long form of the command's help.
func (deviceRevokeCommand) Help() string {
	return `For a URL that became known: URLs of the least generation that opens until now, and of
those before it, open no longer; a server that runs knows it within a minute. The PBX needs
a new one. The generation of a URL is the number in its last part: …/k1-2-… is of the second.

Examples:
  pbxctl device revoke --mac 68:69:2e:0b:00:01 --data ./data
  pbxctl device revoke --mac 68:69:2e:0b:00:01 --below 3 --data ./data`
}

// Run implements the command.
func (c *deviceRevokeCommand) Run(p *program) error {
	m, err := c.change(p, func(d *store.Device) error {
		least, err := c.least(*d)
		if err != nil {
			return err
		}
		return setting("min_generation").set(d, least.String())
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return showMember(p, true, m)
	}
	fmt.Fprintf(p.out, "URLs of %s below generation %d open no longer. A new one:\n", m.MAC, m.MinGeneration)
	_, err = fmt.Fprintf(p.out, "  pbxctl device url --mac %s %s\n", m.MAC, c.urlFlags())
	return err
}

// least is the least generation that is to open from now on.
func (c *deviceRevokeCommand) least(d store.Device) (token.Generation, error) {
	unreadable := d.Check("min_generation")
	switch {
	case c.Below == "" && unreadable != nil:
		return 0, fmt.Errorf("%w: say with --below which URLs should open no longer", unreadable)
	case c.Below == "" && d.MinGeneration == math.MaxUint32:
		return 0, errors.New("there is no generation after this PBX's: its last URL can only be cut off with pbxctl device disable")
	case c.Below == "":
		return token.Generation(max(1, d.MinGeneration) + 1), nil
	}
	least, err := token.ParseGeneration(c.Below)
	if err == nil && unreadable == nil && uint32(least) < d.MinGeneration {
		err = fmt.Errorf("URLs below %d were revoked already, and stay so", d.MinGeneration)
	}
	if err != nil {
		return 0, fmt.Errorf("--below: %w", err)
	}
	return least, nil
}
