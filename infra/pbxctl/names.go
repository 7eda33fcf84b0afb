package main

import (
	"errors"
	"fmt"

	"trunkline/pkg/devices"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type namesCommands struct {
	Set    namesSetCommand    `cmd:"" help:"Name a queue, an agent or a number; set a queue's opening hours and target."`
	List   namesListCommand   `cmd:"" help:"List names."`
	Import namesImportCommand `cmd:"" help:"Set many names by a CSV file."`
	Export namesExportCommand `cmd:"" help:"Print all names as a CSV file that can be imported."`
}

// Help is the long form of the command's help.
func (namesCommands) Help() string {
	return `Names are shown beside the figures, and published in curated/dim_queue, dim_queue_hours,
dim_agent and dim_did. The names of PBXs and sites are set by pbxctl device.`
}

type namesSetCommand struct {
	target
	Queue  recordedID `xor:"which" help:"Code of the queue." placeholder:"CODE"`
	Agent  recordedID `xor:"which" help:"Code of the agent." placeholder:"CODE"`
	DID    recordedID `xor:"which" name:"did" help:"The number that callers dial, as in the PBX's records." placeholder:"NUMBER"`
	Name   *string    `help:"Name of the queue, the agent or the number." placeholder:"NAME"`
	Opens  *string    `help:"When a queue is open, by the PBX's clock, such as 'Mo-Fr 08:00-18:00; Sa 09:00-13:00', or 24/7." placeholder:"HOURS"`
	Target *string    `help:"Service level that a queue should reach, such as 80/20: 80 % of calls answered within 20 seconds." placeholder:"N/N"`
	Remove bool       `help:"Remove the name, with opening hours and target."`
}

// Help is the long form of the command's help.
func (namesSetCommand) Help() string {
	return `Values that are not given stay as they are; empty values are removed. Opening hours are in
OpenStreetMap's notation, without holidays. A day may have several times
(08:00-12:00,13:00-17:00), and a time may end after midnight (22:00-06:00). A target changes no
figure: figures use the PBX's threshold (pbxctl device set --sla-threshold).

Examples:
  pbxctl names set 68:69:2e:0b:00:01 --queue 630 --name Support \
    --opens 'Mo-Fr 08:00-18:00; Sa 09:00-13:00' --target 80/20 --data ./data
  pbxctl names set 68692e0b0001 --agent 800 --name 'Ana Silva' --stack trunkline`
}

// Validate refuses bad values when the command line is read.
func (c *namesSetCommand) Validate() error {
	if c.Queue+c.Agent+c.DID == "" {
		return errors.New("which one? Give --queue, --agent or --did")
	}
	if given := c.Name != nil || c.Opens != nil || c.Target != nil; given == c.Remove {
		return errors.New("what should change? Give --name, --opens, --target or --remove")
	}
	kind, id := c.which()
	return c.apply(&store.Name{Kind: kind, ID: id})
}

// Run implements the command.
func (c *namesSetCommand) Run(p *program) error {
	kind, id := c.which()
	var name store.Name
	err := c.write(p, func(s *store.Store) error {
		_, err := s.ChangeNames(p.ctx, c.MAC, func(names store.Names) (store.Names, error) {
			name = store.Name{Kind: kind, ID: id}
			if !c.Remove {
				name = names.Find(kind, id)
			}
			err := c.apply(&name)
			return names.With(name), err
		})
		return err
	})
	if err != nil {
		return err
	}
	return show(p, c.JSON, values([]devices.Name{{MAC: c.MAC, Name: name}}, nil), tables.Names(), "")
}

func (c *namesSetCommand) which() (naming.Kind, string) {
	switch {
	case c.Queue != "":
		return naming.Queue, string(c.Queue)
	case c.Agent != "":
		return naming.Agent, string(c.Agent)
	}
	return naming.DID, string(c.DID)
}

// apply changes the values that were given.
func (c *namesSetCommand) apply(n *store.Name) (err error) {
	if c.Name != nil {
		n.Name, n.Unreadable = *c.Name, n.Unreadable.Without("name")
	}
	if c.Opens != nil {
		n.Unreadable = n.Unreadable.Without("opens")
		if n.Opens, err = naming.ParseHours(*c.Opens); err != nil {
			return fmt.Errorf("--opens: %w", err)
		}
	}
	if c.Target != nil {
		n.Unreadable = n.Unreadable.Without("target")
		if n.Target, err = naming.ParseTarget(*c.Target); err != nil {
			return fmt.Errorf("--target: %w", err)
		}
	}
	return n.Check()
}

type namesListCommand struct {
	MAC pbx.MAC `name:"mac" help:"Only the names of this PBX." placeholder:"MAC"`
	where
	showing
}

// Help is the long form of the command's help.
func (namesListCommand) Help() string {
	return `Examples:
  pbxctl names list --mac 68:69:2e:0b:00:01 --data ./data
  pbxctl names list --json --stack trunkline`
}

// Run implements the command.
func (c *namesListCommand) Run(p *program) error {
	return c.readRecords(p, func(s *store.Store) error {
		return show(p, c.JSON, devices.Names(p.ctx, s, c.MAC), tables.Names(), "There are no names.")
	})
}
