package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

type deviceReplaceCommand struct {
	Old     pbx.MAC `arg:"" help:"The MAC address of the PBX that is replaced." placeholder:"OLD"`
	By      pbx.MAC `arg:"" name:"new" help:"That of the PBX that takes its place." placeholder:"NEW"`
	From    pbx.Day `help:"Day by the PBX's clock from which the new one is in its place; else today." placeholder:"DAY"`
	KeepOld bool    `help:"Don't disable the old one."`
	Base    string  `help:"Where PBXs reach Trunkline; else the stack's own URL." placeholder:"URL"`
	where
	showing
}

// Help is the long form of the command's help.
func (deviceReplaceCommand) Help() string {
	return `The new PBX gets what was said of the old one: name, site, zone, thresholds, aliases, and the
names of queues, agents and numbers; and the old one's MAC as an alias, since a configuration
that was moved goes on to name it. It prints the new one's URL. The old one is disabled at once,
unless --keep-old is said; its records and figures stay under its own MAC, with the settings that
they were computed by. Both have the same name and site, so that figures by site go on. The
new one's settings keep which PBX it replaces, and from which day on.

Examples:
  pbxctl device replace 68:69:2e:0b:00:01 68:69:2e:0b:00:02 --base https://pbx.example.com --data ./data
  pbxctl device replace 68692e0b0001 68692e0b0002 --from 2026-12-01 --keep-old --stack trunkline`
}

// replacement is a PBX that took another's place.
type replacement struct {
	MAC         pbx.MAC `json:"mac"`
	URL         string  `json:"url"`
	Replaces    pbx.MAC `json:"replaces"`
	From        pbx.Day `json:"replaces_from"`
	OldDisabled bool    `json:"old_disabled"`
}

// Run implements the command.
func (c *deviceReplaceCommand) Run(p *program) error {
	if c.Old == c.By {
		return fmt.Errorf("%s can't replace itself", c.Old)
	}
	base, err := c.base(p, c.Base)
	if err != nil {
		return err
	}
	c.Base = base
	keys, err := c.signingKeys(p)
	if err != nil {
		return err
	}
	var done replacement
	err = c.writeRecords(p, func(s *store.Store) error {
		done, err = c.replace(p, s, keys)
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return jsonLines(p.out).Encode(done)
	}
	state := "is disabled"
	if !done.OldDisabled {
		state = "is enabled still"
	}
	_, err = fmt.Fprintf(p.out, "%s is in the place of %s from %s on. The old one %s. The new one's URL:\n%s\n", done.MAC, done.Replaces, done.From, state, done.URL)
	return err
}

// replace may be broken off anywhere, and done again.
func (c *deviceReplaceCommand) replace(p *program, s *store.Store, keys *token.Keyring) (done replacement, err error) {
	if err := enter(p.ctx, s, c.Old, false); err != nil {
		return done, err
	}
	old, err := memberOf(p.ctx, s, c.Old)
	if err != nil {
		return done, err
	}
	from, err := c.day(p, old)
	if err != nil {
		return done, err
	}
	names, err := c.names(p, s)
	if err != nil {
		return done, err
	}
	set, err := s.ChangeDevice(p.ctx, c.By, func(d *store.Device) error { return c.apply(d, old.Device, from) })
	if err == nil {
		_, err = s.ChangeNames(p.ctx, c.By, func(store.Names) (store.Names, error) { return names, nil })
	}
	if err == nil {
		_, err = rollup.Recheck(p.ctx, s, c.By, p.now())
	}
	if err == nil && !c.KeepOld {
		_, err = s.ChangeDevice(p.ctx, c.Old, func(d *store.Device) error { return setting("disabled").set(d, yesOrNo(true)) })
	}
	if err == nil {
		err = set.Check("min_generation")
	}
	url := deviceURL(c.Base, keys, c.By, token.Generation(max(1, set.MinGeneration)))
	return replacement{c.By, url, c.Old, from, !c.KeepOld || old.Disabled}, err
}

// day is the day from which the new PBX is in the old one's place.
func (c *deviceReplaceCommand) day(p *program, old member) (pbx.Day, error) {
	if len(old.Unreadable) > 0 {
		names := slices.Sorted(maps.Keys(old.Unreadable))
		return 0, fmt.Errorf("of %s can't be read: %s; set it again with pbxctl device set first", c.Old, strings.Join(names, ", "))
	}
	zone, err := p.zoneOf(old)
	if err != nil {
		return 0, err
	}
	today := zone.Local(p.now()).Day()
	if c.From > today && !c.KeepOld {
		return 0, errors.New("--from: until that day the old PBX goes on: say --keep-old, and disable it then")
	}
	if c.From != 0 {
		return c.From, nil
	}
	return today, nil
}

// names are those of the old PBX. That the new one has any is an error, unless it was given them.
func (c *deviceReplaceCommand) names(p *program, s *store.Store) (store.Names, error) {
	by, err := s.Device(p.ctx, c.By)
	if err != nil {
		return nil, err
	}
	own, err := s.Names(p.ctx, c.By)
	if err == nil && len(own) > 0 && by.Replaces != c.Old {
		err = fmt.Errorf("%s has names already: it can't take another's place", c.By)
	}
	if err != nil {
		return nil, err
	}
	return s.Names(p.ctx, c.Old)
}

// apply gives a PBX of which nothing was said the settings of the old one.
func (c *deviceReplaceCommand) apply(d *store.Device, old store.Device, from pbx.Day) error {
	was := *d
	if d.Replaces != c.Old {
		d.Disabled = false // one that was removed comes back
		if !isNew(*d) {
			return fmt.Errorf("%s has settings already: it can't take another's place", c.By)
		}
	}
	*d = old
	d.Disabled, d.MinGeneration, d.Unreadable = false, was.MinGeneration, was.Unreadable.Without("disabled")
	d.Replaces, d.ReplacesFrom = c.Old, from
	aliases := slices.DeleteFunc(append(slices.Clone(old.Aliases), c.Old), func(mac pbx.MAC) bool { return mac == c.By })
	return setting("aliases").set(d, printedAll(aliases))
}
