package main

import (
	"fmt"

	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
	"trunkline/pkg/token"
)

type deviceAliasCommand struct {
	target
	Alias  pbx.MAC `required:"" help:"The other MAC, which the PBX's events name." placeholder:"MAC"`
	Remove bool    `help:"Remove this alias."`
}

// Help is the long form of the command's help.
func (deviceAliasCommand) Help() string {
	return `A PBX that replaces another one may still name the old MAC in its events. Trunkline refuses
them, and keeps them in quarantine, until the old MAC is an alias of the new PBX. A running
server accepts an alias within a minute. A PBX of which all events were refused is not in the
fleet yet: give --new. Release the refused events afterwards:
pbxctl quarantine release --all --mac MAC.

Example:
  pbxctl device alias 68:69:2e:0b:00:02 --alias 68:69:2e:0b:00:01 --data ./data`
}

// Run implements the command.
func (c *deviceAliasCommand) Run(p *program) error {
	m, err := c.change(p, c.apply)
	if err != nil {
		return err
	}
	found := []devices.Aliased{{MAC: m.MAC, Aliases: append([]pbx.MAC{}, m.Aliases...)}}
	return show(p, c.JSON, each.Of(found...), tables.Aliases(), "")
}

// Validate refuses an alias that no PBX can have.
func (c *deviceAliasCommand) Validate() error {
	if c.Remove {
		return nil
	}
	return c.apply(&store.Device{})
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

type deviceDisableCommand struct {
	target
}

// Help is the long form of the command's help.
func (deviceDisableCommand) Help() string {
	return `A running server refuses the PBX's events within a minute. What the PBX sent before stays.

Example:
  pbxctl device disable 68:69:2e:0b:00:01 --data ./data`
}

// Run implements the command.
func (c *deviceDisableCommand) Run(p *program) error { return c.disable(p, true) }

type deviceEnableCommand struct {
	target
}

// Help is the long form of the command's help.
func (deviceEnableCommand) Help() string {
	return `A running server accepts the PBX's events within a minute.

Example:
  pbxctl device enable 68:69:2e:0b:00:01 --data ./data`
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
	Below generation `help:"Revoke the URLs below this generation; default: the lowest valid generation is revoked." placeholder:"N"`
}

// Help is the long form of the command's help.
func (deviceRevokeCommand) Help() string {
	return `Use it after a leak. It revokes the URLs of the lowest valid generation. A running server
refuses them within a minute. Then the PBX needs a new URL. The generation of a URL is the
second part of its token: …/k1-2-… is of generation 2.

Examples:
  pbxctl device revoke 68:69:2e:0b:00:01 --data ./data
  pbxctl device revoke 68:69:2e:0b:00:01 --below 3 --data ./data`
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
	fmt.Fprintf(p.out, "URLs of %s below generation %d are revoked. Print a new one:\n", m.MAC, m.MinGeneration)
	_, err = fmt.Fprintf(p.out, "  pbxctl device url %s %s\n", m.MAC, c.urlFlags())
	return err
}

func (c *deviceRevokeCommand) revoke(d *store.Device) error {
	if c.Below == 0 {
		return devices.RevokeLeast(d)
	}
	if err := devices.Revoke(d, token.Generation(c.Below)); err != nil {
		return fmt.Errorf("--below: %w", err)
	}
	return nil
}
