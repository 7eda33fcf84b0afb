package athena_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"trunkline/infra/athena"
)

var update = flag.Bool("update", false, "rewrite the rendered files")

// rendered is all that stands in the folders of the dialects.
func rendered(t *testing.T) map[string]string {
	t.Helper()
	tables, err := athena.Tables(".data/archive")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"duckdb/tables.sql": tables}
	for _, name := range athena.Queries() {
		for _, d := range []athena.Dialect{athena.Athena, athena.DuckDB} {
			text, err := athena.Query(name, d, athena.Defaults())
			if err != nil {
				t.Fatal(err)
			}
			files[d.Name+"/"+name+".sql"] = text
		}
	}
	return files
}

func TestRenderedFilesAreThoseOfTheSources(t *testing.T) {
	files := rendered(t)
	for name, text := range files {
		if *update {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if there, err := os.ReadFile(name); err != nil || string(there) != text {
			t.Errorf("%s is not what its source renders (%v): go test ./infra/athena -update", name, err)
		}
	}
	for _, folder := range []string{"athena", "duckdb"} {
		found, err := filepath.Glob(folder + "/*")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			if files[filepath.ToSlash(name)] == "" {
				t.Errorf("%s has no source", name)
			}
		}
	}
}

// head is the comment that a query begins with: its question, what it asks of, what it counts.
var head = regexp.MustCompile(`^-- [A-Z][^\n]*\?\n--\n-- Asks of the [^\n]*'2026-10-01' to '2026-10-31'(.*\n)+?-- Counts[ ,]`)

func TestEachQuerySaysWhatItAnswers(t *testing.T) {
	for name, text := range rendered(t) {
		if name == "duckdb/tables.sql" {
			continue
		}
		if !head.MatchString(text) {
			t.Errorf("%s begins with\n%.300s", name, text)
		}
	}
}

func TestRatiosAreMadeOfSums(t *testing.T) {
	shown := regexp.MustCompile(`avg\(|(sum|max|min)\([^()]*(_rate|service_level|_mean|asa_seconds|aht_seconds|_p\d\d_)`)
	for name, text := range rendered(t) {
		if found := shown.FindString(text); found != "" {
			t.Errorf("%s: %s", name, found)
		}
	}
}

func TestParamsAreChecked(t *testing.T) {
	for want, change := range map[string]func(*athena.Params){
		"the last day is before the first": func(p *athena.Params) { p.Last = p.First - 1 },
		"hours must be":                    func(p *athena.Params) { p.Hours = 0 },
		"digits must be":                   func(p *athena.Params) { p.Digits = 33 },
		"late must be":                     func(p *athena.Params) { p.Late = -1 },
		"reserve must be":                  func(p *athena.Params) { p.Reserve = -0.5 },
		"rows must be":                     func(p *athena.Params) { p.Rows = 0 },
	} {
		p := athena.Defaults()
		change(&p)
		if _, err := athena.Query("agents", athena.Athena, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %s", err, want)
		}
	}
	if _, err := athena.Query("nothing", athena.Athena, athena.Defaults()); err == nil {
		t.Error("there is a query of any name")
	}
}

func TestAnArchivesNameStaysText(t *testing.T) {
	text, err := athena.Tables("it's/")
	if err != nil || !strings.Contains(text, "'it''s/curated/calls/") {
		t.Errorf("%v: %s", err, text)
	}
	if _, err := athena.Tables("s3://a*"); err == nil {
		t.Error("an archive that matches others is taken")
	}
}
