package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Exit codes: 1 if something differs or failed, 2 if the flags were not understood.
const (
	exitDiffers = 1
	exitUnclear = 2
)

const usage = `Verify computes the figures of an archive once more, in SQL over the raw envelopes, and
compares them with those that were published.

Usage: verify --raw FOLDER --curated FOLDER [flags]

Example:
  verify --raw ./data/raw --curated ./data/curated --last 2026-11-08

Flags:
  --raw FOLDER       the archive's raw/, with kind=…/dt=…/*.json
  --curated FOLDER   the archive's curated/, with queue_kpi/dt=…/*.parquet and so on
  --settings FILE    CSV with the header mac,t,s,talk_includes_hold,zone: for each PBX that
                     has its own, the seconds of the service level and of short-abandoned
                     calls, true where talk includes hold, and the zone of its clock, such
                     as Europe/Berlin or +05:45; UTC where none is given
  --first DAY        compare no day before this one
  --last DAY         nor one after this one, such as the last that has closed
  --json             print the report as JSON

Exit codes: 0 all the same, 1 something differs, failed, or there was nothing to compare,
2 the flags are unclear.
`

// options are the flags of the program.
type options struct {
	raw, curated, settings string
	first, last            string
	json                   bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program, and returns its exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return 0
	case err != nil:
		fmt.Fprintf(errs, "verify: %v; see verify --help\n", err)
		return exitUnclear
	}
	if err := compare(ctx, o, out); err != nil {
		fmt.Fprintf(errs, "verify: %v\n", err)
		return exitDiffers
	}
	return 0
}

// compare prints what differs. The error says that something does.
func compare(ctx context.Context, o options, out io.Writer) error {
	r, err := verify(ctx, o)
	if err != nil {
		return err
	}
	if err := r.print(out, o.json); err != nil {
		return err
	}
	return r.check()
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.raw, "raw", "", "")
	flags.StringVar(&o.curated, "curated", "", "")
	flags.StringVar(&o.settings, "settings", "", "")
	flags.StringVar(&o.first, "first", "0001-01-01", "")
	flags.StringVar(&o.last, "last", "9999-12-31", "")
	flags.BoolVar(&o.json, "json", false, "")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q is not a flag", flags.Arg(0))
	case o.raw == "" || o.curated == "":
		return o, errors.New("--raw and --curated must be given")
	}
	for _, day := range []string{o.first, o.last} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return o, fmt.Errorf("%q is not a day such as 2026-11-08", day)
		}
	}
	return o, nil
}

// verify compares the published tables with those computed here.
func verify(ctx context.Context, o options) (*report, error) {
	db, err := open(ctx)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := compute(ctx, db, o.raw, o.settings); err != nil {
		return nil, err
	}
	var r report
	days := " where day between " + quote(o.first) + " and " + quote(o.last)
	for _, t := range published {
		want, err := read(ctx, db, "select * from "+t.name+days, t.key)
		if err != nil {
			return nil, err
		}
		got, err := readParquet(ctx, db, o.curated, t, days)
		if err != nil {
			return nil, err
		}
		r.compare(t.name, want, got)
	}
	return &r, nil
}

// maxShown is how many differences are printed.
const maxShown = 50

func (r *report) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	for _, d := range r.Differences[:min(len(r.Differences), maxShown)] {
		fmt.Fprintln(out, d)
	}
	if more := len(r.Differences) - maxShown; more > 0 {
		fmt.Fprintf(out, "and %d more\n", more)
	}
	for _, t := range r.Tables {
		fmt.Fprintf(out, "%-20s %7d rows %9d figures\n", t.Name, t.Rows, t.Figures)
	}
	return nil
}

// check returns an error unless there was something to compare, and all of it was the same.
func (r *report) check() error {
	figures := 0
	for _, t := range r.Tables {
		figures += t.Figures
	}
	switch {
	case len(r.Differences) > 0:
		return fmt.Errorf("%d differences", len(r.Differences))
	case figures == 0:
		return errors.New("there was nothing to compare")
	}
	return nil
}
