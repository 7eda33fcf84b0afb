// Query prints a query of package athena, or the names of all.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"trunkline/infra/athena"
)

const usage = `Query prints a query for Athena; or for DuckDB, after the views that it needs.

Usage: query [flags] NAME; query alone prints all names; NAME tables is the views for DuckDB alone

Examples:
  go run ./infra/athena/query --first 2026-10-01 --last 2026-10-31 service_level
  go run ./infra/athena/query --archive .data/archive --first 2018-11-01 --last 2018-11-30 service_level | duckdb
  go run ./infra/athena/query --archive s3://BUCKET tables > tables.sql

Flags:
  --first DAY, --last DAY   the days that are asked about (default October 2026)
  --archive PLACE           print it for DuckDB, over this archive: a folder, or s3://bucket
  --hours N                 within which a caller should be called back (default 24)
  --digits N                by which numbers of callers are the same, the last ones (default 8)
  --late N                  days after which no event of a call comes any more (default 7)
  --reserve X               agents beyond the load, in roots of the load (default 1)
  --rows N                  at most, of what is listed (default 50)
`

// views is the name of what makes DuckDB's views of an archive, without a query.
const views = "tables"

func main() {
	err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintf(os.Stderr, "query: %v; see query --help\n", err)
		os.Exit(2)
	}
}

// run prints what the arguments ask for.
func run(args []string, out io.Writer) error {
	flags, p := flag.NewFlagSet("query", flag.ContinueOnError), athena.Defaults()
	flags.SetOutput(io.Discard)
	archive := flags.String("archive", "", "")
	flags.TextVar(&p.First, "first", p.First, "")
	flags.TextVar(&p.Last, "last", p.Last, "")
	flags.IntVar(&p.Hours, "hours", p.Hours, "")
	flags.IntVar(&p.Digits, "digits", p.Digits, "")
	flags.IntVar(&p.Late, "late", p.Late, "")
	flags.Float64Var(&p.Reserve, "reserve", p.Reserve, "")
	flags.IntVar(&p.Rows, "rows", p.Rows, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, err = io.WriteString(out, usage)
		return err
	case err != nil:
		return err
	case flags.NArg() == 0:
		_, err = fmt.Fprintln(out, strings.Join(athena.Queries(), "\n"))
		return err
	case flags.NArg() > 1:
		return fmt.Errorf("%q is one name too many", flags.Arg(1))
	}
	text, err := query(flags.Arg(0), *archive, p)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}

func query(name, archive string, p athena.Params) (string, error) {
	if archive == "" {
		if name == views {
			return "", errors.New("the views are of an archive: name it with --archive")
		}
		return athena.Query(name, athena.Athena, p)
	}
	tables, err := athena.Tables(archive)
	if err != nil || name == views {
		return tables, err
	}
	text, err := athena.Query(name, athena.DuckDB, p)
	return tables + "\n" + text, err
}
