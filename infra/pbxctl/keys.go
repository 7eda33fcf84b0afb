package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"trunkline/pkg/devices"
	"trunkline/pkg/each"
	"trunkline/pkg/local"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

type keysCommands struct {
	List   keysListCommand   `cmd:"" help:"List the fleet's keys by their ids."`
	Rotate keysRotateCommand `cmd:"" help:"Make a key that signs URLs from now on; those that are out there open still."`
	New    keysNewCommand    `cmd:"" help:"Make a key where the old ones are lost: each PBX needs a new URL then."`
	Retire keysRetireCommand `cmd:"" help:"Remove a key: the URLs that it has signed open no longer."`
}

// keysPlace is where fleet keys are kept.
type keysPlace struct {
	where
	showing
}

// keyStore is where keys are kept as they are written down.
type keyStore interface {
	Read(context.Context) (*token.Secrets, error)
	// Change changes the keys; where its argument fails, they stay.
	Change(context.Context, func(*token.Secrets) error) error
}

func (k keysPlace) open(p *program) (keyStore, error) {
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
	return openSecret(p.ctx, at.Secret)
}

// change changes the keys, and shows them.
func (k keysPlace) change(p *program, change func(*token.Secrets) error) error {
	keys, err := k.open(p)
	if err != nil {
		return err
	}
	var changed *token.Secrets
	if err := keys.Change(p.ctx, func(s *token.Secrets) error {
		changed = s
		return change(s)
	}); err != nil {
		return err
	}
	return k.show(p, changed)
}

type keysListCommand struct{ keysPlace }

// Help is the long form of the command's help.
func (keysListCommand) Help() string {
	return `A URL tells its key: /v1/pbx/68692e0b0001/k1-1-… is signed by k1. Keys themselves are never shown.

Examples:
  pbxctl keys list --data ./data
  pbxctl keys list --stack trunkline --json`
}

// listedKey is a key as it may be shown.
type listedKey struct {
	KID   string `json:"kid"`
	Signs bool   `json:"signs"`
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
	var all []listedKey
	for _, kid := range keys.KIDs() {
		all = append(all, listedKey{kid, kid == keys.Signing()})
	}
	return show(p, k.JSON, each.Of(all...), keyColumns, "")
}

var keyColumns = columns[listedKey]{
	[]string{"KEY", "ITS URLS"},
	func(k listedKey) []string {
		if k.Signs {
			return []string{k.KID, "open; new ones are signed by it"}
		}
		return []string{k.KID, "open"}
	},
}

type keysRotateCommand struct{ keysPlace }

// Help is the long form of the command's help.
func (keysRotateCommand) Help() string {
	return `The endpoint knows the new key at the first URL that is signed by it (within a minute, while strangers
try keys), and every URL that is out there opens as before. Each PBX must be given a URL of the new
key before the old one is retired; pbxctl device list shows by which key it was last heard:

  pbxctl keys rotate --stack trunkline
  pbxctl device url --all --stack trunkline > urls.csv      # enter them in the PBXs
  pbxctl device list --stack trunkline                      # until no KEY is k1
  pbxctl keys retire k1 --stack trunkline`
}

// Run implements the command.
func (c *keysRotateCommand) Run(p *program) error {
	return c.change(p, func(s *token.Secrets) error {
		_, err := s.Rotate(token.NewSecret())
		return err
	})
}

type keysNewCommand struct {
	dataFolder
	showing
}

// Help is the long form of the command's help.
func (keysNewCommand) Help() string {
	return `Where the file fleet-keys is lost, put it back from a backup: all URLs open again. Only where
there is no copy, make a new key. The URLs that PBXs have are answered 401 then, and their
events are lost until you have entered the new ones:

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
		return rows(p.ctx, store.FleetOf(p.ctx, s, devices.Read), func(m devices.Member) error {
			used = append(used, m.KID)
			return nil
		})
	})
	if err != nil && !each.Only(err) { // one PBX that can't be read keeps nobody from a new key
		return err
	}
	if _, err = local.NewKeys(c.Data, used); errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s has keys: `pbxctl keys rotate --data %s` makes another one", c.Data, c.Data)
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
	return fmt.Sprintf(`Within %d minutes no endpoint opens to a URL of the key any more: a PBX that has one is answered 401,
and its events are lost unless it keeps them. A key that is gone can't be restored. PBXs that
were last heard by a URL of the key are named before you are asked.

Examples:
  pbxctl keys retire k1 --data ./data
  pbxctl keys retire k1 --yes --stack trunkline`, int(token.KeptFor.Minutes()))
}

// Run implements the command.
func (c *keysRetireCommand) Run(p *program) error {
	keys, err := c.read(p)
	if err != nil {
		return err
	}
	if err := keys.Retire(c.KID); err != nil { // of this copy
		return err
	}
	if err := c.tellUsers(p); err != nil {
		return err
	}
	if !c.Yes {
		question := fmt.Sprintf("Shut out each PBX whose URL's last part begins with %s-?", c.KID)
		if err := p.confirm(question, "PBXs may be shut out: say --yes where nobody can be asked"); err != nil {
			return err
		}
	}
	return c.change(p, func(s *token.Secrets) error { return s.Retire(c.KID) })
}

// tellUsers tells which PBXs were last heard by a URL of the key, where there are records.
func (c *keysRetireCommand) tellUsers(p *program) error {
	if c.Stack+c.Data+c.Table == "" {
		fmt.Fprintln(p.errs, "Which PBXs use the key still is not known: give --stack NAME to see them.")
		return nil
	}
	err := c.readRecords(p, func(s *store.Store) error {
		return rows(p.ctx, store.FleetOf(p.ctx, s, devices.Read), func(m devices.Member) error {
			if m.KID == c.KID {
				fmt.Fprintf(p.errs, "%s sent to a URL of %s until %s.\n", plain(strings.TrimSpace(string(m.MAC)+" "+m.Name)), c.KID, clock(m.LastEvent))
			}
			return nil
		})
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil // keys, and nothing received yet
	}
	return err
}
