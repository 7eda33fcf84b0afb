package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"trunkline/infra/pbxctl/terminal"
	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/erase"
	"trunkline/pkg/listing"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

// sought are the flags for the number that a command looks for.
type sought struct {
	Number        []string `required:"" sep:"none" help:"The number, with + and its country code; may be repeated." placeholder:"NUMBER"`
	Trunk         []string `default:"${trunk}" help:"Prefix that is dialled before a national number." placeholder:"DIGITS"`
	International []string `default:"${international}" help:"Prefix that is dialled before a country code." placeholder:"DIGITS"`
	utcDays
}

// erasure returns an Erasure of the number. It calls found with each finding.
func (s sought) erasure(p *program, found func(erase.Finding)) (*erase.Erasure, error) {
	numbers, err := erase.ParseNumbers(s.Number, erase.Prefixes{Trunk: s.Trunk, International: s.International})
	if err != nil {
		return nil, unclear("--number: %w", err)
	}
	first, last, err := s.Day.inUTC(p)
	return &erase.Erasure{Numbers: numbers, First: first, Last: last, Found: found}, err
}

// sameNumber is the rule by which a number is found, for help texts.
const sameNumber = `A number with + is found in all its forms, with or without country code and prefixes (--trunk,
--international): as +49151…, 0049151…, 49151…, 0151… and 151…. A number without + is found as
its digits alone. Blanks, dashes, dots, slashes and parentheses may stand between the digits. The
digits may be of any script, escaped, or a JSON number with decimals or an exponent. With one
more digit before or after it, it is another number. The id of a call (<seconds>.<counter> in
uniqueid and the like), the times of an event and the MAC of its PBX are not searched.`

type eraseCommand struct {
	sought
	DryRun bool `help:"Only show where the number is."`
	Yes    bool `help:"Don't ask."`
	where
	showing
}

// Help is the long form of the command's help.
func (eraseCommand) Help() string {
	return `Removes a caller's number from the data of all PBXs, as callers may demand (GDPR, article 17). It
searches what was received, spilled and quarantined, records, figures and their files. It writes ` + erase.Masked + `
instead of the number; the calls stay, and count as before. The days that change are computed
again. Where delivery streams write to the archive, it first waits until they have written what was
received before: ArchiveBuffer and a minute. After an interruption, run the same command again. A
running pbxctl serve does the work, and still accepts events. Your shell may keep the command, with the number, in its history.

It shows what it found, and asks before it erases. It lists what it can't erase, and exits with 1
then. pbxctl find lists each place, and what is kept there.

` + sameNumber + `

Some copies keep the number for a while: old versions of objects, the table's point-in-time
recovery, copies that others made, and free blocks of a disk.

Examples:
  pbxctl erase --number +4915112345678 --dry-run --data ./data
  pbxctl erase --number +74951234567 --trunk 8 --international 810,00 --data ./data
  pbxctl erase --number +4915112345678 --yes --json --stack trunkline`
}

// Run implements the command.
func (c *eraseCommand) Run(p *program) error {
	found := &findings{p: p, asJSON: c.JSON}
	e, err := c.erasure(p, found.add)
	if err != nil {
		return err
	}
	schedule, err := config.ReadSchedule(p.getenv)
	if err != nil {
		return err
	}
	if goOn, err := c.confirmed(p); err != nil || !goOn {
		return err
	}
	if e.Settle, err = c.settle(p); err != nil {
		return err
	}
	return c.open(p, e.Numbers, func(s *store.Store, b archive.Bucket, scrub func() error) error {
		e.Records, e.Archive, e.DryRun, e.AtOnce, e.Progress = s, b, c.DryRun, c.atOnce(), searched(p, !c.JSON)
		err := e.All(p.ctx, func(days map[pbx.MAC]map[pbx.Day]bool) (err error) {
			found.days, err = p.rollup(s, b, schedule, c.Data).Recompute(p.ctx, days)
			return err
		}, scrub)
		return errors.Join(found.end(c.DryRun, c.Data == "", err), err)
	})
}

// atOnce is how many objects are searched concurrently. In a folder, the processors are the limit.
// Half of them are left to the events that PBXs push at the same time.
func (c *eraseCommand) atOnce() int {
	if c.Data != "" {
		return max(1, runtime.GOMAXPROCS(0)/2)
	}
	return 0 // the default, which suits S3
}

// settle returns what waits until delivery streams have delivered what they were given; nil: there are
// no streams.
func (c *eraseCommand) settle(p *program) (func(context.Context) error, error) {
	if c.Data != "" || c.DryRun {
		return nil, nil
	}
	at, err := c.onAWS(p.ctx)
	if err != nil || at.Buffer == 0 {
		return nil, err
	}
	return func(ctx context.Context) error {
		return terminal.Wait(ctx, p.errs, p.terminal, at.Buffer+archive.DeliveryMargin, "until the delivery streams have written to the archive what was received before")
	}, nil
}

// searched shows people at a terminal how many objects were searched. Nobody knows the total.
func searched(p *program, wanted bool) func(objects int) {
	if !wanted || !p.terminal {
		return nil
	}
	return func(objects int) { fmt.Fprintf(p.errs, "\r%d objects searched \r", objects) }
}

// confirmed asks whether to erase, unless the flags say so.
func (c *eraseCommand) confirmed(p *program) (bool, error) {
	if c.DryRun || c.Yes || p.server != nil { // its client has asked
		return true, nil
	}
	if err := terminal.CanAsk("an erased number can't be restored: give --yes where nobody can be asked, or --dry-run"); err != nil {
		return false, err
	}
	return c.shown(p, func() error {
		return terminal.Confirm(p.ctx, os.Stdin, p.errs, "Erase the number for good, of all PBXs?")
	})
}

// shown shows what would be erased, and asks. It does not ask where nothing was found. Places that
// can't be searched do not keep others from being erased.
func (c *eraseCommand) shown(p *program, ask func() error) (bool, error) {
	to := *p
	if c.JSON {
		to.out = p.errs // programs read the other
	}
	found := &findings{p: &to}
	e, err := c.erasure(p, found.add)
	if err != nil {
		return false, err
	}
	skipped := c.readBoth(p, func(s *store.Store, b archive.Bucket) error { return find(p, e, s, b, !c.JSON) })
	if erase.Stops(skipped) {
		return false, skipped
	}
	if err := found.end(true, c.Data == "", skipped); err != nil || len(found.Count) == 0 {
		return false, errors.Join(skipped, err)
	}
	if skipped != nil {
		fmt.Fprintf(p.errs, "pbxctl: %v\n", skipped)
	}
	return true, ask()
}

// open calls use with records and archive, and with a function that scrubs erased data from the
// file of records.
func (c *eraseCommand) open(p *program, numbers *erase.Numbers, use func(*store.Store, archive.Bucket, func() error) error) error {
	nothing := func() error { return nil }
	if c.DryRun || c.Data == "" {
		return c.readBoth(p, func(s *store.Store, b archive.Bucket) error { return use(s, b, nothing) })
	}
	return c.changeFolder(p, func(d *local.Dir) error {
		return p.withRecords(d.Table, func(s *store.Store) error {
			return use(s, d.Bucket, func() error { return d.Table.Scrub(p.ctx, numbers.MayBeIn) })
		})
	})
}

// findings are what an erasure found, for people and programs.
type findings struct {
	erase.Report
	p      *program
	asJSON bool
	days   int // whose figures were computed again
}

func (f *findings) add(found erase.Finding) {
	f.Add(found)
	if f.asJSON {
		listing.JSON(f.p.out).Encode(found)
	}
}

// end reports what was done. searched is the error of the search: where it is not nil, not all was
// searched.
func (f *findings) end(dryRun, inAWS bool, searched error) error {
	e := f.Summary(dryRun, inAWS, f.days, f.p.now())
	if f.asJSON {
		return listing.JSON(f.p.out).Encode(e)
	}
	return tables.PrintErasure(f.p.ctx, f.p.out, &f.Report, e, nowhere(searched, "The number is nowhere."))
}
