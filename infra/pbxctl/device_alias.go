package main

import (
	"fmt"
	"strings"

	"trunkline/pkg/devices"
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
	m, err := c.change(p, c.apply)
	if err != nil {
		return err
	}
	found := []aliased{{m.MAC, append([]pbx.MAC{}, m.Aliases...)}}
	return show(p, c.JSON, each.Of(found...), aliasColumns, "")
}

func (c *deviceAliasCommand) apply(d *store.Device) error {
	change := devices.AddAlias
	if c.Remove {
		change = devices.RemoveAlias
	}
	if err := change(d, c.MAC, c.Alias); err != nil {
		return fmt.Errorf("--alias: %w", err)
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
	m, err := t.change(p, func(d *store.Device) error { return devices.Setting("disabled").Set(d, devices.YesOrNo(disabled)) })
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
	m, err := c.change(p, c.revoke)
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

func (c *deviceRevokeCommand) revoke(d *store.Device) error {
	if c.Below == "" {
		return devices.RevokeLeast(d)
	}
	below, err := token.ParseGeneration(c.Below)
	if err != nil {
		return fmt.Errorf("--below: %w", err)
	}
	if err := devices.Revoke(d, below); err != nil {
		return fmt.Errorf("--below: %w", err)
	}
	return nil
}
