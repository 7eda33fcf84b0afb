package main

import (
	"errors"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/erase"
	"trunkline/pkg/listing"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type findCommand struct {
	sought
	where
	showing
}

// Help is the long form of the command's help.
func (findCommand) Help() string {
	return `Lists where the data of all PBXs has a caller's number, as callers may ask (GDPR, article 15). It
searches what was received, spilled and quarantined, records, figures and their files. It changes
nothing. With --json, each place has what is kept there. NAME is the name of an object in the
archive, or the key of an item in the table. MEMBERS are the members that have the number.

` + sameNumber + `

The exit code is 0 also if nothing is kept. It is 1 if something could not be read.

Examples:
  pbxctl find --number +4915112345678 --data ./data
  pbxctl find --number +4915112345678 --json --stack trunkline`
}

// Run implements the command.
func (c *findCommand) Run(p *program) error {
	var found []erase.Finding
	add := func(f erase.Finding) { found = append(found, f) }
	if c.JSON {
		add = func(f erase.Finding) { listing.JSON(p.out).Encode(f.WithText()) }
	}
	e, err := c.erasure(p, add)
	if err != nil {
		return err
	}
	err = c.readBoth(p, func(s *store.Store, b archive.Bucket) error { return find(p, e, s, b, !c.JSON) })
	if !c.JSON {
		err = errors.Join(err, listing.Table(p.ctx, p.out, each.Of(found...), tables.KeptAt(), nowhere(err, "Nothing is kept of the number.")))
	}
	return err
}

// nowhere is the sentence for a search that found nothing. With an error, not all was searched.
func nowhere(err error, nothing string) string {
	if err != nil {
		return "Nothing was found, but not all was searched."
	}
	return nothing
}

// find searches for a number everywhere, and changes nothing.
func find(p *program, e *erase.Erasure, s *store.Store, b archive.Bucket, progress bool) error {
	e.Records, e.Archive, e.Progress = s, b, searched(p, progress)
	return e.Search(p.ctx)
}
