package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
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
	told := &toldFindings{p: p, asJSON: c.JSON, counts: map[foundAt]int{}}
	e, err := c.erasure(told.tell)
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
		anew := func(days map[pbx.MAC]map[pbx.Day]bool) error {
			return computeAnew(p, p.rollup(s, b, schedule, c.Data), days, told)
		}
		if c.DryRun {
			anew, scrub = func(map[pbx.MAC]map[pbx.Day]bool) error { return nil }, func() error { return nil }
		}
		err := eraseAll(p, e, anew, scrub)
		return errors.Join(told.end(c.DryRun, c.Data == "", err), err)
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

// eraseAll erases the number wherever it can be. That it remains somewhere keeps nothing from
// being done elsewhere.
func eraseAll(p *program, e *erase.Erasure, anew func(map[pbx.MAC]map[pbx.Day]bool) error, scrub func() error) error {
	days, remains := e.Run(p.ctx)
	if stops(remains) {
		return remains
	}
	err := anew(days)
	if stops(err) {
		return errors.Join(err, remains)
	}
	figures := e.Figures(p.ctx)
	if stops(figures) {
		return errors.Join(figures, err, remains)
	}
	return errors.Join(remains, err, figures, scrub())
}

// stops reports whether an error is more than that some things were left out.
func stops(err error) bool {
	return err != nil && !errors.Is(err, erase.ErrRemains) && !each.Only(err)
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
	told := &toldFindings{p: &to, counts: map[foundAt]int{}}
	e, err := c.erasure(told.tell)
	if err != nil {
		return false, err
	}
	skipped := c.readBoth(p, func(s *store.Store, b archive.Bucket) error { return find(p, e, s, b, !c.JSON) })
	if stops(skipped) {
		return false, skipped
	}
	if err := told.end(true, c.Data == "", skipped); err != nil || len(told.counts) == 0 {
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

// computeAnew has the figures of days computed that have closed.
func computeAnew(p *program, r *rollup.Rollup, days map[pbx.MAC]map[pbx.Day]bool, told *toldFindings) error {
	var tasks []rollup.Task
	for _, mac := range slices.Sorted(maps.Keys(days)) {
		for _, day := range slices.Sorted(maps.Keys(days[mac])) {
			tasks = append(tasks, rollup.Task{MAC: mac, Day: day})
		}
	}
	all := each.Loop[rollup.Task]{Of: "days that are computed anew", Name: rollup.Task.String}
	return all.Do(p.ctx, each.Of(tasks...), func(ctx context.Context, t rollup.Task) error {
		result, err := r.Work(ctx, t)
		if result == rollup.Published {
			told.days++
		}
		return err
	})
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
	left   []erase.Finding
	notes  int // of findings that say more
	days   int
}

func (t *toldFindings) tell(f erase.Finding) {
	t.counts[foundAt{f.Where, f.MAC, f.Error}] += f.Count
	if f.Error != "" {
		t.left = append(t.left, f)
	}
	if f.Note != "" {
		t.notes++
	}
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

// end tells what was done, and no more than the error of the search lets it know.
func (t *toldFindings) end(dryRun, inAWS bool, searched error) error {
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
	err := show(t.p, false, each.Of(places...), columns[foundAt]{
		[]string{"MAC", "WHERE", "COUNT", ""},
		func(at foundAt) []string {
			what := map[bool]string{true: "found", false: "erased"}[dryRun]
			return []string{string(at.mac), at.where, fmt.Sprint(t.counts[at]), cmp.Or(at.err, what)}
		},
	}, nowhere(searched, "The number is nowhere."))
	if err == nil {
		err = section(t.p, "\nWhat stays:", each.Of(t.left...), placeColumns)
	}
	if err != nil || dryRun {
		return err
	}
	if t.notes > 0 {
		fmt.Fprintf(t.p.out, "\nEvents that can't be told without the number, and are in quarantine now: %d.\n", t.notes)
	}
	fmt.Fprintf(t.p.out, "\nDays whose figures were computed anew: %d. What keeps the number for now:\n", e.DaysAnew)
	for _, what := range e.KeptForNow {
		fmt.Fprintln(t.p.out, " -", what)
	}
	return nil
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
