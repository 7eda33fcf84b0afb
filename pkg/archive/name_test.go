package archive

import (
	"strings"
	"testing"
)

func TestANameIsBoundedSegmentsOfPlainLetters(t *testing.T) {
	for name, good := range map[string]bool{
		"a": true, "-": true, "...": true, "..a/b..": true, strings.Repeat("a", 512): true,
		"raw/kind=cc_cdr/dt=2026-11-23/68692e0b0001-0.json": true,

		"": false, "/": false, "/a": false, "a/": false, "a//b": false, strings.Repeat("a", 513): false,
		".": false, "..": false, "../a": false, "a/..": false, "a/./b": false,
		`a\b`: false, "a\x00": false, "a\n": false, "\ta": false, "a b": false, "é": false, "a\xff": false,
		"~a": false, "a:b": false, "a%2Fb": false, "*": false,
	} {
		if err := CheckName(name); (err == nil) != good {
			t.Errorf("%.40q: %v", name, err)
		}
	}
}

func TestNotEvenTheErrorRepeatsALongName(t *testing.T) {
	if err := CheckName(strings.Repeat("a", 1<<20)); err == nil || len(err.Error()) > 200 {
		t.Errorf("%.300v", err)
	}
}
