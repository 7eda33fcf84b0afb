package main

import (
	"fmt"

	"trunkline/pkg/devices"
	"trunkline/pkg/listing"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

type deviceRemoveCommand struct {
	MAC     pbx.MAC `arg:"" name:"mac" help:"The PBX's MAC address." placeholder:"MAC"`
	Records bool    `help:"Remove its records and figures from the table, too."`
	Yes     bool    `help:"Don't ask."`
	where
	showing
}

// Help is the long form of the command's help.
func (deviceRemoveCommand) Help() string {
	return `Removes a PBX from the fleet, with its settings and names, and with its inferred time zone. A
running server refuses its URL within a minute. Days that are not computed yet stay so. Its
records and figures stay, and so does what it sent. With --records, only the archive keeps what
it sent; pbxctl replay would make records of that again.

Trunkline remembers that the PBX is disabled, and which of its URLs were revoked. pbxctl device
add adds it again.

Examples:
  pbxctl device remove 68:69:2e:0b:00:01 --data ./data
  pbxctl device remove 68692e0b0001 --records --yes --stack trunkline`
}

// removed is a PBX that was removed.
type removed struct {
	MAC     pbx.MAC `json:"mac"`
	Records bool    `json:"records_removed"`
}

// Run implements the command.
func (c *deviceRemoveCommand) Run(p *program) error {
	err := c.writeRecords(p, func(s *store.Store) error {
		if err := devices.CheckListed(p.ctx, s, c.MAC); err != nil {
			return err
		}
		if err := c.confirm(p); err != nil {
			return err
		}
		return s.Remove(p.ctx, c.MAC, c.Records)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return listing.JSON(p.out).Encode(removed{c.MAC, c.Records})
	}
	stays := "Its records and figures stay, and what it sent."
	if c.Records {
		stays = "Its records and figures are removed; the archive has what it sent."
	}
	_, err = fmt.Fprintf(p.out, "%s is no longer in the fleet, and its URL is revoked. %s\n", c.MAC, stays)
	return err
}

func (c *deviceRemoveCommand) confirm(p *program) error {
	if c.Yes {
		return nil
	}
	what := "with its settings and names"
	if c.Records {
		what = "with its settings, names, records and figures"
	}
	return p.confirm(fmt.Sprintf("Remove %s, %s?", c.MAC, what), "what is removed can't be restored: give --yes where nobody can be asked")
}
