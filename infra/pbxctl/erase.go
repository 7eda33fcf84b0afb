package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/term"

	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/erase"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

type eraseCommand struct {
	Number []string `required:"" sep:"none" help:"The number, once for each spelling that PBXs may send." placeholder:"NUMBER"`
	From   pbx.Day  `help:"Only what was received from this UTC day on." placeholder:"DAY"`
	To     pbx.Day  `help:"Only what was received until the end of this UTC day." placeholder:"DAY"`
	DryRun bool     `help:"Only tell where the number is."`
	Yes    bool     `help:"Don't ask."`
	stores
}

// Help is the long form of the command's help.
func (eraseCommand) Help() string {
	return `Removes a caller's number from everything, as callers may demand (GDPR, article 17): from what
was received, spilled and quarantined, from records, figures and their files, of all PBXs. In
its place stands ` + erase.Masked + `; the calls stay, and count as before. The days that change are computed
anew. Started again, it goes on where it was broken off; a pbxctl serve must be stopped for it.
Your shell may keep the command, with the number, in its history.

A spelling is its digits, with or without blanks and + - . / ( ) among them, and 7 to 20 of
them. Other digits are other spellings: 0049… and 0151… of +49151… have to be given, too.

What keeps the number for a while: old versions of objects, and the table's point-in-time
recovery; copies that were made by others; blocks of a disk that are free.

Examples:
  pbxctl erase --number +4915112345678 --number 004915112345678 --number 015112345678 --dry-run --data ./data
  pbxctl erase --number +4915112345678 --yes --json --table trunkline-Table-1A2B --bucket trunkline-bucket-1a2b`
}

// Run implements the command.
func (c *eraseCommand) Run(p *program) error {
	numbers, err := erase.ParseNumbers(c.Number)
	if err != nil {
		return fmt.Errorf("--number: %w", err)
	}
	if err := daysInOrder(c.From, c.To); err != nil {
		return err
	}
	schedule, err := config.ReadSchedule(p.getenv)
	if err != nil {
		return err
	}
	if err := c.confirm(p); err != nil {
		return err
	}
	return c.open(p, func(s *store.Store, b archive.Bucket, scrub func() error) error {
		told := &toldFindings{p: p, asJSON: c.JSON, counts: map[foundAt]int{}}
		e := &erase.Erasure{Records: s, Archive: b, Numbers: numbers, First: c.From, Last: c.To, DryRun: c.DryRun,
			Tell: told.tell, Progress: searched(p, !c.JSON)}
		anew := func(days map[pbx.MAC]map[pbx.Day]bool) error {
			return computeAnew(p, rollup.New(s, b, rollup.Config(schedule), p.now), days, told)
		}
		if c.DryRun {
			anew, scrub = func(map[pbx.MAC]map[pbx.Day]bool) error { return nil }, func() error { return nil }
		}
		err := eraseAll(p, e, anew, scrub)
		return errors.Join(told.end(c.DryRun, c.Data == ""), err)
	})
}

// searched shows people at a terminal how far a search is, of which nobody knows the end.
func searched(p *program, wanted bool) func(objects int) {
	f, ok := p.errs.(*os.File)
	if !ok || !wanted || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return func(objects int) { fmt.Fprintf(f, "\r%d objects searched \r", objects) }
}

// eraseAll erases the number wherever it can be. That it remains somewhere keeps nothing from
// being done elsewhere.
func eraseAll(p *program, e *erase.Erasure, anew func(map[pbx.MAC]map[pbx.Day]bool) error, scrub func() error) error {
	days, remains := e.Run(p.ctx)
	if remains != nil && !errors.Is(remains, erase.ErrRemains) {
		return remains
	}
	if err := anew(days); err != nil {
		return err
	}
	if err := e.Figures(p.ctx); err != nil {
		return errors.Join(remains, err)
	}
	return errors.Join(remains, scrub())
}

func (c *eraseCommand) confirm(p *program) error {
	if c.DryRun || c.Yes {
		return nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New("an erased number can't be had back: say --yes where nobody can be asked, or --dry-run")
	}
	return confirm(p.ctx, os.Stdin, p.errs, "Erase the number for good, of all PBXs? [y/N] ")
}

// open calls use with records and archive, and with what leaves nothing of what was erased.
func (c *eraseCommand) open(p *program, use func(*store.Store, archive.Bucket, func() error) error) error {
	nothing := func() error { return nil }
	if c.DryRun || c.Data == "" {
		return c.read(p, func(s *store.Store, b archive.Bucket) error { return use(s, b, nothing) })
	}
	return openData(p, c.Data, func(d *local.Dir) error {
		return p.withRecords(d.Table, func(s *store.Store) error {
			return use(s, d.Bucket, func() error { return d.Table.Scrub(p.ctx) })
		})
	})
}

// computeAnew has the figures of days computed that have closed.
func computeAnew(p *program, r *rollup.Rollup, days map[pbx.MAC]map[pbx.Day]bool, told *toldFindings) error {
	for _, mac := range slices.Sorted(maps.Keys(days)) {
		for _, day := range slices.Sorted(maps.Keys(days[mac])) {
			result, err := r.Work(p.ctx, rollup.Task{MAC: mac, Day: day})
			if err != nil {
				return err
			}
			if result == rollup.Published {
				told.days++
			}
		}
	}
	return nil
}

// foundAt is where numbers were found, for people.
type foundAt struct {
	where string
	mac   pbx.MAC
	err   string
}

// toldFindings are what an erasure told.
type toldFindings struct {
	p      *program
	asJSON bool
	counts map[foundAt]int
	days   int
}

func (t *toldFindings) tell(f erase.Finding) {
	t.counts[foundAt{f.Where, f.MAC, f.Error}] += f.Count
	if t.asJSON {
		jsonLines(t.p.out).Encode(f)
	}
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

// end tells what was done.
func (t *toldFindings) end(dryRun, inAWS bool) error {
	e := erased{DryRun: dryRun, DaysAnew: t.days, CompletedAt: t.p.now().UTC().Format(time.RFC3339), KeptForNow: keptForNow(inAWS)}
	for at, n := range t.counts {
		e.Found += n
		if at.err != "" {
			e.Remains += n
		}
	}
	if t.asJSON {
		return jsonLines(t.p.out).Encode(e)
	}
	places := slices.SortedFunc(maps.Keys(t.counts), func(a, b foundAt) int {
		return cmp.Or(cmp.Compare(a.mac, b.mac), cmp.Compare(a.where, b.where), cmp.Compare(a.err, b.err))
	})
	err := show(t.p, false, values(places, nil), columns[foundAt]{
		[]string{"MAC", "WHERE", "COUNT", ""},
		func(at foundAt) []string {
			what := map[bool]string{true: "found", false: "erased"}[dryRun]
			return []string{string(at.mac), at.where, fmt.Sprint(t.counts[at]), cmp.Or(at.err, what)}
		},
	}, "The number is nowhere.")
	if err != nil || dryRun {
		return err
	}
	fmt.Fprintf(t.p.out, "\nDays whose figures were computed anew: %d. What keeps the number for now:\n", e.DaysAnew)
	for _, what := range e.KeptForNow {
		fmt.Fprintln(t.p.out, " -", what)
	}
	return nil
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
