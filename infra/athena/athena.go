package athena

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"
	"time"

	"trunkline/pkg/pbx"
)

//go:embed queries
var sources embed.FS

// tables makes DuckDB's views of an archive. It is not one of the queries.
//
//go:embed tables.sql
var tables string

// Params are the limits of a query.
type Params struct {
	First, Last pbx.Day // by the PBX's clock
	Hours       int     // a caller should be called back within them
	Digits      int     // the last digits: numbers that share them are the same caller's
	Late        int     // no event of a call comes more days after it
	Reserve     float64 // agents beyond the load, in roots of the load
	Rows        int     // the most that a list may have
}

// Defaults returns the params to use if nothing else is chosen. The days are to be replaced.
func Defaults() Params {
	october := pbx.DayOf(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))
	return Params{First: october, Last: october + 30, Hours: 24, Digits: 8, Late: 7, Reserve: 1, Rows: 50}
}

// Validate returns an error with all that is wrong with the params.
func (p Params) Validate() error {
	var errs []error
	for _, check := range []struct {
		ok   bool
		says string
	}{
		{p.First <= p.Last, "the last day is before the first"},
		{p.Hours > 0 && p.Hours <= 24*366, "hours must be from 1 to 8784"},
		{p.Digits > 0 && p.Digits <= 32, "digits must be from 1 to 32"},
		{p.Late >= 0 && p.Late <= 3660, "late must be from 0 to 3660 days"},
		{p.Reserve >= 0 && p.Reserve <= 10, "reserve must be from 0 to 10"},
		{p.Rows > 0, "rows must be at least 1"},
	} {
		if !check.ok {
			errs = append(errs, errors.New(check.says))
		}
	}
	return errors.Join(errs...)
}

// LastContact is the last day on which a lost caller may have been called back.
func (p Params) LastContact() pbx.Day { return p.Last + pbx.Day((p.Hours+23)/24) }

// FirstReceived is the first UTC day on which an event of the days may have been received.
func (p Params) FirstReceived() pbx.Day { return p.First - 1 }

// LastReceived is the last UTC day on which an event of the days may have been received.
func (p Params) LastReceived() pbx.Day { return p.Last + 1 + pbx.Day(p.Late) }

// Dialect has the expressions in which two databases differ.
type Dialect struct {
	Name  string
	words template.FuncMap
}

// The dialects.
var (
	Athena = Dialect{"athena", template.FuncMap{
		"weekday": func(date string) string { return "day_of_week(" + date + ")" }, // 1 (Monday) to 7
		"instant": func(text string) string { return "from_iso8601_timestamp(" + text + ")" },
		"member":  func(object, name string) string { return "json_extract_scalar(" + object + ", '$." + name + "')" },
		"ratio":   ratio,
	}}
	DuckDB = Dialect{"duckdb", template.FuncMap{
		"weekday": func(date string) string { return "isodow(" + date + ")" },
		"instant": func(text string) string { return "cast(" + text + " as timestamptz)" },
		"member":  func(object, name string) string { return "json_extract_string(" + object + ", '$." + name + "')" },
		"ratio":   ratio,
	}}
)

// ratio is null where there is nothing to divide by. Athena divides integers as integers.
func ratio(a, b string) string { return "cast(" + a + " as double) / nullif(" + b + ", 0)" }

// Queries returns the names of all queries.
func Queries() []string {
	files, err := fs.Glob(sources, "queries/*.sql")
	if err != nil {
		panic(err) // the pattern is invalid
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(path.Base(file), ".sql")
	}
	return names
}

// Query renders a query in a dialect.
func Query(name string, d Dialect, p Params) (string, error) {
	source, err := sources.ReadFile("queries/" + name + ".sql")
	if err != nil {
		return "", fmt.Errorf("there is no query %q: %w", name, err)
	}
	if err := p.Validate(); err != nil {
		return "", fmt.Errorf("query %s: %w", name, err)
	}
	return render(name, string(source), d.words, p)
}

// Tables renders the SQL that makes DuckDB's views of an archive. The archive is a folder, or an
// address such as s3://bucket.
func Tables(archive string) (string, error) {
	if strings.ContainsAny(archive, "*?[") {
		return "", fmt.Errorf("%q has characters that would match others", archive)
	}
	return render("tables", tables, nil, strings.ReplaceAll(strings.TrimSuffix(archive, "/"), "'", "''"))
}

func render(name, source string, words template.FuncMap, data any) (string, error) {
	parsed, err := template.New(name).Funcs(words).Parse(source)
	if err != nil {
		return "", fmt.Errorf("parse %s: %w", name, err)
	}
	var text strings.Builder
	if err := parsed.Execute(&text, data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return text.String(), nil
}
