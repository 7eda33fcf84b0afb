package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/each"
	"trunkline/pkg/erase"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// sought is the number that a command looks for.
type sought struct {
	Number        []string `required:"" sep:"none" help:"The number, with + and its country code; may be given again." placeholder:"NUMBER"`
	Trunk         []string `default:"${trunk}" help:"What is dialled before a national number." placeholder:"DIGITS"`
	International []string `default:"${international}" help:"What is dialled before a country code." placeholder:"DIGITS"`
	From          pbx.Day  `help:"Only what was received from this UTC day on." placeholder:"DAY"`
	To            pbx.Day  `help:"Only what was received until the end of this UTC day." placeholder:"DAY"`
}

// erasure is one of that number, of which tell is told.
func (s sought) erasure(tell func(erase.Finding)) (*erase.Erasure, error) {
	numbers, err := erase.ParseNumbers(s.Number, erase.Prefixes{Trunk: s.Trunk, International: s.International})
	if err != nil {
		return nil, unclear("--number: %w", err)
	}
	return &erase.Erasure{Numbers: numbers, First: s.From, Last: s.To, Found: tell}, daysInOrder(s.From, s.To)
}

// sameNumber is the rule by which a number is found, for helps.
const sameNumber = `A number with + is found in all its forms: with or without the country code, behind what is
dialled before it (--trunk, --international), as +49151…, 0049151…, 49151…, 0151… and 151….
Without + just the digits are meant that are given. Blanks, dashes, dots, slashes and
parentheses may stand among the digits, which may be of any script, escaped, or a number of
JSON with decimals or an exponent. With a digit right before or behind it, it is another number.
The id of a call (<seconds>.<counter> in uniqueid and the like), the times of an event and the
MAC of its PBX are no numbers.`

type eraseCommand struct {
	sought
	DryRun bool `help:"Only tell where the number is."`
	Yes    bool `help:"Don't ask."`
	where
	showing
}

// Help is the long form of the command's help.
func (eraseCommand) Help() string {
	return `Removes a caller's number from everything, as callers may demand (GDPR, article 17): from what
was received, spilled and quarantined, from records, figures and their files, of all PBXs. In
its place stands ` + erase.Masked + `; the calls stay, and count as before. The days that change are computed
again. After an interruption, the same command goes on. A running pbxctl serve does it, and
takes in what PBXs push meanwhile.
Your shell may keep the command, with the number, in its history.

It shows what it found, and asks. What it can't erase it lists with its place, and the exit code
is 1. pbxctl find lists each place, and what is kept there.

` + sameNumber + `

What keeps the number for a while: old versions of objects, and the table's point-in-time
recovery; copies that were made by others; blocks of a disk that are free.

Examples:
  pbxctl erase --number +4915112345678 --dry-run --data ./data
  pbxctl erase --number +74951234567 --trunk 8 --international 810,00 --data ./data
  pbxctl erase --number +4915112345678 --yes --json --stack trunkline`
}

// Run implements the command.
func (c *eraseCommand) Run(p *program) error {
	found := &findings{p: p, asJSON: c.JSON}
	e, err := c.erasure(found.add)
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
	return c.open(p, e.Numbers, func(s *store.Store, b archive.Bucket, scrub func() error) error {
		e.Records, e.Archive, e.DryRun, e.AtOnce, e.Progress = s, b, c.DryRun, c.atOnce(), searched(p, !c.JSON)
		err := e.All(p.ctx, func(days map[pbx.MAC]map[pbx.Day]bool) error {
			return found.recompute(p.ctx, p.rollup(s, b, schedule, c.Data), days)
		}, scrub)
		return errors.Join(found.end(c.DryRun, c.Data == "", err), err)
	})
}

// atOnce is how many objects are searched side by side. In a folder it is the processors that
// they wait for: half of them are left to what PBXs push meanwhile.
func (c *eraseCommand) atOnce() int {
	if c.Data != "" {
		return max(1, runtime.GOMAXPROCS(0)/2)
	}
	return 0 // as many as there should be of S3
}

// searched shows people at a terminal how far a search is, of which nobody knows the end.
func searched(p *program, wanted bool) func(objects int) {
	if !wanted || !p.terminal {
		return nil
	}
	return func(objects int) { fmt.Fprintf(p.errs, "\r%d objects searched \r", objects) }
}

// confirmed asks whether to go on, unless that is clear.
func (c *eraseCommand) confirmed(p *program) (bool, error) {
	if c.DryRun || c.Yes || p.server != nil { // its client has asked
		return true, nil
	}
	if err := canAsk("an erased number can't be restored: say --yes where nobody can be asked, or --dry-run"); err != nil {
		return false, err
	}
	return c.shown(p, func() error {
		return confirm(p.ctx, os.Stdin, p.errs, "Erase the number for good, of all PBXs? [y/N] ")
	})
}

// shown shows what would be erased, and asks; there is nothing to ask where that is nothing. What
// can't be searched keeps nothing else from being erased.
func (c *eraseCommand) shown(p *program, ask func() error) (bool, error) {
	to := *p
	if c.JSON {
		to.out = p.errs // programs read the other
	}
	found := &findings{p: &to}
	e, err := c.erasure(found.add)
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

// open calls use with records and archive, and with what leaves nothing of what was erased.
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
		jsonLines(f.p.out).Encode(found)
	}
}

// recompute computes the figures of days again that have closed.
func (f *findings) recompute(ctx context.Context, r *rollup.Rollup, days map[pbx.MAC]map[pbx.Day]bool) error {
	return r.WorkAll(ctx, rollup.TasksOf(days), func(_ rollup.Task, result rollup.Result, _ error) error {
		if result == rollup.Published {
			f.days++
		}
		return nil
	})
}

// erased is what an erasure did, for programs.
type erased struct {
	DryRun      bool     `json:"dry_run"`
	Found       int      `json:"found"`
	Remains     int      `json:"remains"` // of them
	DaysAnew    int      `json:"days_computed_anew"`
	KeptForNow  []string `json:"kept_for_now"`
	CompletedAt string   `json:"at"`
}

// end reports what was done. searched is the error of the search: where it is not nil, not all was
// searched.
func (f *findings) end(dryRun, inAWS bool, searched error) error {
	e := erased{DryRun: dryRun, DaysAnew: f.days, CompletedAt: f.p.now().UTC().Format(time.RFC3339), KeptForNow: keptForNow(inAWS)}
	e.Found, e.Remains = f.Found()
	if f.asJSON {
		return jsonLines(f.p.out).Encode(e)
	}
	if err := show(f.p, false, each.Of(f.Places()...), f.columns(dryRun), nowhere(searched, "The number is nowhere.")); err != nil {
		return err
	}
	if err := section(f.p, "\nWhat stays:", each.Of(f.Left...), placeColumns); err != nil || dryRun {
		return err
	}
	if f.Notes > 0 {
		fmt.Fprintf(f.p.out, "\nEvents that can't be told without the number, and are in quarantine now: %d.\n", f.Notes)
	}
	fmt.Fprintf(f.p.out, "\nDays whose figures were computed anew: %d. What keeps the number for now:\n", e.DaysAnew)
	for _, what := range e.KeptForNow {
		fmt.Fprintln(f.p.out, " -", what)
	}
	return nil
}

func (f *findings) columns(dryRun bool) columns[erase.Place] {
	what := "erased"
	if dryRun {
		what = "found"
	}
	return columns[erase.Place]{
		[]string{"MAC", "WHERE", "COUNT", ""},
		func(at erase.Place) []string {
			return []string{string(at.MAC), at.Where, fmt.Sprint(f.Count[at]), cmp.Or(at.Error, what)}
		},
	}
}

// placeColumns are how a place is shown.
var placeColumns = columns[erase.Finding]{
	[]string{"MAC", "WHERE", "RECEIVED", "NAME", "LINE", "MEMBERS", "COUNT", "WHY IT STAYS"},
	func(f erase.Finding) []string {
		line, received := "", ""
		if f.Line > 0 {
			line = fmt.Sprint(f.Line)
		}
		if !f.Received.IsZero() {
			received = clock(f.Received)
		}
		return []string{string(f.MAC), f.Where, received, f.Name, line, strings.Join(f.Members, " "), fmt.Sprint(f.Count), f.Error}
	},
}

// keptForNow is what an erasure does not reach.
func keptForNow(inAWS bool) []string {
	if !inAWS {
		return []string{"copies of the folder, and blocks of its disk that are free now"}
	}
	return []string{
		"old versions of objects, where the bucket keeps any, until they expire (OldVersionDays, ArchiveLockDays)",
		"the table's point-in-time recovery, for 35 days, and backups made on demand",
		"copies that others have made of files or records",
	}
}
