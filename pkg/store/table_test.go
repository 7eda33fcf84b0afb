package store

import (
	"strings"
	"testing"
)

func TestCanonicalGivesEqualDocumentsEqualBytes(t *testing.T) {
	for doc, want := range map[string]string{
		` { "b" : [ 1 , -2 ] , "a" : { "d" : null , "c" : true } } `: `{"a":{"c":true,"d":null},"b":[1,-2]}`,
		`{"a":"\u00e9\u003c\/"}`:                                     `{"a":"é</"}`,
		`{"a":1,"a":2}`:                                              `{"a":2}`,
		`{"a":999999999999999}`:                                      `{"a":999999999999999}`,
	} {
		got, err := Canonical([]byte(doc))
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", doc, got, err, want)
		}
	}
	for _, doc := range []string{``, `null`, `[]`, `1`, `{`, `{} {}`, `{}]`, `{}}`, `{"a":1.0}`, `{"a":1e3}`, `{"a":-0}`, `{"a":1234567890123456}`, `{"a":[{"b":0.5}]}`, `{"":1}`} {
		if got, err := Canonical([]byte(doc)); err == nil {
			t.Errorf("%s: %s", doc, got)
		}
	}
}

func TestAPrefixEndsBeforeTheNextName(t *testing.T) {
	r := Prefix("p", "EXT#")
	for sk, inside := range map[string]bool{"EXT#": true, "EXT#808": true, "EXT#\U0010ffff": true, "EXT": false, "EXT$": false, "EXTLOG#808": false} {
		if got := sk >= r.From && sk < r.To; got != inside {
			t.Errorf("%q: %v", sk, got)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add(`{"b":[1,{"c":"\u0000"}],"a":null}`)
	f.Fuzz(func(t *testing.T, doc string) {
		once, err := Canonical([]byte(doc))
		if err != nil {
			return
		}
		twice, err := Canonical(once)
		if err != nil || string(twice) != string(once) || strings.ContainsAny(string(once), "\n\r") {
			t.Errorf("%s becomes %s, then %s, %v", doc, once, twice, err)
		}
	})
}
