package athena_test

import (
	"regexp"
	"strings"
	"testing"

	"trunkline/infra/athena"
)

// rendered returns the text of all queries in both dialects, by dialect and name.
func rendered(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, name := range athena.Queries() {
		for _, d := range []athena.Dialect{athena.Athena, athena.DuckDB} {
			text, err := athena.Query(name, d, athena.Defaults())
			if err != nil {
				t.Fatal(err)
			}
			texts[d.Name+"/"+name] = text
		}
	}
	return texts
}

// A dialect's own words are in its queries only.
func TestEachDialectHasItsOwnWords(t *testing.T) {
	words := map[string][]string{
		"athena": {"day_of_week(", "from_iso8601_timestamp(", "json_extract_scalar("},
		"duckdb": {"isodow(", "timestamptz", "json_extract_string("},
	}
	texts := rendered(t)
	if len(texts) != 2*11 {
		t.Errorf("%d texts of queries", len(texts))
	}
	all := map[string]string{}
	for name, text := range texts {
		dialect, _, _ := strings.Cut(name, "/")
		all[dialect] += text
		if strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
			t.Errorf("%s is not rendered: %s", name, text)
		}
	}
	for dialect := range words {
		for of, some := range words {
			for _, word := range some {
				if there := strings.Contains(all[dialect], word); there != (of == dialect) {
					t.Errorf("%s is in queries for %s: %t", word, dialect, there)
				}
			}
		}
	}
}

// head matches the comment at the beginning of a query: its question, its days, what it counts.
var head = regexp.MustCompile(`^-- [A-Z][^\n]*\?\n--\n-- Asks of the [^\n]*'2026-10-01' to '2026-10-31'(.*\n)+?-- Counts[ ,]`)

func TestEachQuerySaysWhatItAnswers(t *testing.T) {
	for name, text := range rendered(t) {
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
