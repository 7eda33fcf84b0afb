package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

type deviceCommands struct {
	URL     deviceURLCommand     `cmd:"" name:"url" help:"Print the URL to type into a PBX."`
	Set     deviceSetCommand     `cmd:"" help:"Say something of a PBX: its name, its site, its time zone, its thresholds."`
	List    deviceListCommand    `cmd:"" help:"List the PBXs that have sent something, or of which something was said."`
	Alias   deviceAliasCommand   `cmd:"" help:"Let the events of a PBX name another MAC, too: that of the one it replaced."`
	Disable deviceDisableCommand `cmd:"" help:"Refuse the events of a PBX."`
	Enable  deviceEnableCommand  `cmd:"" help:"Take the events of a PBX that was disabled."`
	Revoke  deviceRevokeCommand  `cmd:"" help:"Have a PBX's URL open no longer, since it became known."`
}

type deviceURLCommand struct {
	MAC        pbx.MAC `required:"" name:"mac" help:"The PBX's MAC address, as on its label." placeholder:"MAC"`
	Base       string  `required:"" help:"Where PBXs reach Trunkline." placeholder:"URL"`
	Generation string  `help:"Of the URL; else the least that opens for this PBX (see pbxctl device revoke), or 1 where no records are named." placeholder:"N"`
	Data       string  `xor:"keys,records" type:"path" help:"Data folder with the PBX's settings, whose key signs where FLEET_KEYS is not set." placeholder:"DIR"`
	Table      string  `xor:"records" help:"DynamoDB table with the PBX's settings." placeholder:"NAME"`
	Secret     string  `xor:"keys" help:"Secret in AWS Secrets Manager whose key signs, instead." placeholder:"ARN"`
}

// Help is the long form of the command's help.
func (deviceURLCommand) Help() string {
	return `The URL is the PBX's credential: whoever has it can send events in its name.

Examples:
  pbxctl device url --mac 68:69:2e:0b:00:01 --base http://192.0.2.10:8080 --data ./data
  pbxctl device url --mac 68692E0B0001 --base https://pbx.example.com \
    --table trunkline-Table-1A2B --secret arn:aws:secretsmanager:…`
}

// Run implements the command.
func (c *deviceURLCommand) Run(p *program) error {
	generation, err := c.generation(p, c.MAC)
	if err != nil {
		return err
	}
	base, err := url.Parse(c.Base)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.RawQuery != "" {
		return fmt.Errorf("--base: %q is not a URL such as https://pbx.example.com", c.Base)
	}
	keys, err := c.keys(p)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, deviceURL(c.Base, keys, c.MAC, generation))
	return err
}

// generation is the one that was asked for, or else the least that opens.
func (c *deviceURLCommand) generation(p *program, mac pbx.MAC) (token.Generation, error) {
	least, err := c.least(p, mac)
	if err != nil || c.Generation == "" {
		return least, err
	}
	generation, err := token.ParseGeneration(c.Generation)
	if err != nil {
		return 0, fmt.Errorf("--generation: %w", err)
	}
	if generation < least {
		return 0, fmt.Errorf("--generation: URLs of %s below %s were revoked: leave it out, or raise it", mac, least)
	}
	return generation, nil
}

// least is the least generation that opens, as far as is known.
func (c *deviceURLCommand) least(p *program, mac pbx.MAC) (token.Generation, error) {
	if c.Data == "" && c.Table == "" {
		return 1, nil
	}
	var device store.Device
	err := place{Data: c.Data, Table: c.Table}.open(p, func(s *store.Store) (err error) {
		device, err = s.Device(p.ctx, mac)
		return err
	})
	return token.Generation(max(1, device.MinGeneration)), err
}

func (c *deviceURLCommand) keys(p *program) (*token.Keyring, error) {
	fleetKeys := p.getenv("FLEET_KEYS")
	switch {
	case c.Secret != "":
		return readSecret(p.ctx, c.Secret)
	case fleetKeys == "" && c.Data == "":
		return nil, errors.New("no key to sign with: set FLEET_KEYS, or give --data DIR or --secret ARN")
	}
	return local.ReadKeys(c.Data, fleetKeys)
}

// deviceURL is the one place where a token is shown.
func deviceURL(base string, keys *token.Keyring, mac pbx.MAC, g token.Generation) string {
	return strings.TrimRight(base, "/") + "/v1/pbx/" + string(mac) + "/" + keys.Sign(mac, g).Reveal()
}
