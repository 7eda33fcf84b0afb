package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"trunkline/pkg/cloud/stack"
	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/listing"
	"trunkline/pkg/local"
	"trunkline/pkg/rotation"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
	"trunkline/pkg/token"
)

type keysCommands struct {
	List   keysListCommand   `cmd:"" help:"List the fleet's keys by their ids."`
	Rotate keysRotateCommand `cmd:"" help:"Make a new key, which signs URLs from now on. URLs of other keys stay valid."`
	New    keysNewCommand    `cmd:"" help:"Make a key if the old ones are lost. Each PBX needs a new URL then."`
	Retire keysRetireCommand `cmd:"" help:"Remove a key. The URLs that it signed are refused then."`
}

// keysPlace is where fleet keys are kept.
type keysPlace struct {
	where
	showing
}

func (k keysPlace) open(p *program) (rotation.Keys, error) {
	if k.Data != "" && p.getenv("FLEET_KEYS") != "" {
		return nil, errors.New("FLEET_KEYS is set, so the keys in the folder are not in use: change FLEET_KEYS itself, or unset it")
	}
	if k.Data != "" {
		return local.KeyFile(k.Data), nil
	}
	at, err := k.onAWS(p.ctx)
	if err != nil {
		return nil, err
	}
	return stack.Secret(p.ctx, at.Secret)
}

type keysListCommand struct{ keysPlace }

// Help is the long form of the command's help.
func (keysListCommand) Help() string {
	return `A URL names its key: /v1/pbx/68692e0b0001/k1-1-… is signed by k1. Keys themselves are never shown.

Examples:
  pbxctl keys list --data ./data
  pbxctl keys list --stack trunkline --json`
}

// Run implements the command.
func (c *keysListCommand) Run(p *program) error {
	keys, err := c.read(p)
	if err != nil {
		return err
	}
	return c.show(p, keys)
}

func (k keysPlace) read(p *program) (*token.Secrets, error) {
	keys, err := k.open(p)
	if err != nil {
		return nil, err
	}
	return keys.Read(p.ctx)
}

func (k keysPlace) show(p *program, keys *token.Secrets) error {
	return show(p, k.JSON, each.Of(keys.List()...), tables.Keys(), "")
}

type keysRotateCommand struct{ keysPlace }

// Help is the long form of the command's help.
func (keysRotateCommand) Help() string {
	return `The server accepts the new key as soon as a PBX uses it (within a minute while strangers try
keys). URLs of older keys stay valid. Give each PBX a URL of the new key before you retire the old
one. pbxctl device list shows which key signed the URL that a PBX used last:

  pbxctl keys rotate --stack trunkline
  pbxctl device url --all --stack trunkline > urls.csv      # enter them in the PBXs
  pbxctl device list --stack trunkline                      # until no KEY is k1
  pbxctl keys retire k1 --stack trunkline`
}

// Run implements the command.
func (c *keysRotateCommand) Run(p *program) error {
	keys, err := c.open(p)
	if err != nil {
		return err
	}
	changed, err := rotation.Rotate(p.ctx, keys)
	if err != nil {
		return err
	}
	return c.show(p, changed)
}

type keysNewCommand struct {
	dataFolder
	showing
}

// Help is the long form of the command's help.
func (keysNewCommand) Help() string {
	return `If the file fleet-keys is lost, restore it from a backup: then all URLs are valid again. Make a
new key only if there is no copy. Then the old URLs are answered 401, and the events of their
PBXs are lost until you have entered the new URLs:

  pbxctl keys new --data ./data
  pbxctl device url --all --base URL --data ./data > urls.csv      # enter them in the PBXs`
}

// Run implements the command.
func (c *keysNewCommand) Run(p *program) error {
	keys := keysPlace{where{Data: c.Data}, c.showing}
	if _, err := keys.open(p); err != nil {
		return err
	}
	var used []string
	err := keys.readRecords(p, func(s *store.Store) error {
		return listing.Rows(p.ctx, rotation.UsedKIDs(p.ctx, s), func(kid string) error {
			used = append(used, kid)
			return nil
		})
	})
	if err != nil && !each.Only(err) { // PBXs that can't be read do not prevent a new key
		return err
	}
	if _, err = local.NewKeys(c.Data, used); errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s has keys already: `pbxctl keys rotate --data %s` makes another one", c.Data, c.Data)
	}
	if err != nil {
		return err
	}
	made, err := keys.read(p)
	if err != nil {
		return err
	}
	return keys.show(p, made)
}

type keysRetireCommand struct {
	KID string `arg:"" name:"kid" help:"The key's id, such as k1."`
	keysPlace
	Yes bool `help:"Don't ask."`
}

// Help is the long form of the command's help.
func (keysRetireCommand) Help() string {
	return fmt.Sprintf(`Within %d minutes, all servers refuse the URLs of the key. A PBX that still has one is answered
401, and its events are lost unless it keeps them. A retired key can't be restored. The command
names the PBXs that last used a URL of the key, and asks.

Examples:
  pbxctl keys retire k1 --data ./data
  pbxctl keys retire k1 --yes --stack trunkline`, int(token.KeptFor.Minutes()))
}

// Run implements the command.
func (c *keysRetireCommand) Run(p *program) error {
	keys, err := c.open(p)
	if err != nil {
		return err
	}
	if err := rotation.CheckRetire(p.ctx, keys, c.KID); err != nil {
		return err
	}
	if err := c.warnUsers(p); err != nil {
		return err
	}
	if !c.Yes {
		question := fmt.Sprintf("Refuse each PBX whose URL's last part begins with %s-?", c.KID)
		if err := p.confirm(question, "PBXs may be refused: give --yes where nobody can be asked"); err != nil {
			return err
		}
	}
	changed, err := rotation.Retire(p.ctx, keys, c.KID)
	if err != nil {
		return err
	}
	return c.show(p, changed)
}

// warnUsers names the PBXs that last used a URL of the key, where there are records.
func (c *keysRetireCommand) warnUsers(p *program) error {
	if c.Stack+c.Data+c.Table == "" {
		fmt.Fprintln(p.errs, "It is not known which PBXs still use the key: give --stack NAME to see them.")
		return nil
	}
	err := c.readRecords(p, func(s *store.Store) error {
		return listing.Rows(p.ctx, rotation.UsersOf(p.ctx, s, c.KID), func(m devices.Member) error {
			fmt.Fprintf(p.errs, "%s used a URL of %s until %s.\n", listing.Plain(strings.TrimSpace(string(m.MAC)+" "+m.Name)), c.KID, tables.Clock(m.LastEvent))
			return nil
		})
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil // keys, and nothing received yet
	}
	return err
}
