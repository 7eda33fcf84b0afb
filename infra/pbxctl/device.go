package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/token"
)

type deviceCommands struct {
	URL  deviceURLCommand  `cmd:"" name:"url" help:"Print the URL to type into a PBX."`
	Set  deviceSetCommand  `cmd:"" help:"Say something of a PBX: its name, its site, its time zone, its thresholds."`
	List deviceListCommand `cmd:"" help:"List the PBXs that have sent something, or of which something was said."`
}

type deviceURLCommand struct {
	MAC        string `required:"" name:"mac" help:"The PBX's MAC address, as on its label." placeholder:"MAC"`
	Base       string `required:"" help:"Where PBXs reach Trunkline." placeholder:"URL"`
	Generation string `default:"1" help:"Raise it to replace a URL that became known." placeholder:"N"`
	Data       string `xor:"keys" type:"path" help:"Data folder whose key signs, where FLEET_KEYS is not set." placeholder:"DIR"`
	Secret     string `xor:"keys" help:"Secret in AWS Secrets Manager whose key signs, instead." placeholder:"ARN"`
}

// Help is the long form of the command's help.
func (deviceURLCommand) Help() string {
	return `The URL is the PBX's credential: whoever has it can send events in its name.

Examples:
  pbxctl device url --mac 68:69:2e:0b:00:01 --base http://192.0.2.10:8080 --data ./data
  pbxctl device url --mac 68692E0B0001 --base https://pbx.example.com --secret arn:aws:secretsmanager:…`
}

// Run implements the command.
func (c *deviceURLCommand) Run(p *program) error {
	mac, err := pbx.ParseMAC(c.MAC)
	if err != nil {
		return fmt.Errorf("--mac: %w", err)
	}
	generation, err := token.ParseGeneration(c.Generation)
	if err != nil {
		return fmt.Errorf("--generation: %w", err)
	}
	base, err := url.Parse(c.Base)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.RawQuery != "" {
		return fmt.Errorf("--base: %q is not a URL such as https://pbx.example.com", c.Base)
	}
	keys, err := c.keys(p)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.out, deviceURL(c.Base, keys, mac, generation))
	return err
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
