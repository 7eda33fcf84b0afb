package store_test

import (
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/store"
)

// contains tells whether a range has a sort key, as the comments of Range say.
func contains(r store.Range, sk string) bool {
	return sk >= r.From && (r.To == "" || sk < r.To)
}

var sortKeys = []string{"\x00", "CALL", "CALL\"x", "CALL#", "CALL#\x00", "CALL#1", "CALL#~", "CALL#\x7f", "CALL#é",
	"CALL#\U0010ffff", "CALL$", "CALLS#1", "CDR#1", "é"}

func TestPrefixHasAllKeysThatBeginWithIt(t *testing.T) {
	for _, prefix := range []string{"CALL#", "CALL", "C", "CALL#\x7e", "Z#"} {
		r := store.Prefix("p", prefix)
		for _, sk := range sortKeys {
			if got := contains(r, sk); r.PK != "p" || got != strings.HasPrefix(sk, prefix) {
				t.Errorf("prefix %q: %+v has %q: %v", prefix, r, sk, got)
			}
		}
	}
}

func TestAfterGoesOnBehindTheLastItem(t *testing.T) {
	whole := store.Range{PK: "p", From: "CALL", To: "CDR", Limit: 3}
	in := slices.DeleteFunc(slices.Sorted(slices.Values(sortKeys)), func(sk string) bool { return !contains(whole, sk) })
	for i, last := range in {
		for _, c := range []struct {
			reverse bool
			want    []string
		}{{false, in[i+1:]}, {true, in[:i]}} {
			r := whole
			r.Reverse = c.reverse
			rest := r.After(last)
			got := slices.DeleteFunc(slices.Clone(in), func(sk string) bool { return !contains(rest, sk) })
			if !slices.Equal(got, c.want) {
				t.Errorf("after %q, reverse %v: got %q, want %q", last, c.reverse, got, c.want)
			}
			if rest.PK != "p" || rest.Limit != 3 || rest.Reverse != c.reverse {
				t.Errorf("after %q: %+v", last, rest)
			}
		}
	}
}
