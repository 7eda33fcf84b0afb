package archivetest

import (
	"errors"
	"slices"
	"testing"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
)

// RunBroken runs the suite of Buckets that can hold things other than objects. Each call of open
// returns an empty Bucket. Each call of spoil puts such a thing at a name of that Bucket that has
// no object: a link, a FIFO, or a part that can't be listed.
func RunBroken(t *testing.T, open func(t *testing.T) archive.Bucket, spoil func(t *testing.T, b archive.Bucket, name string)) {
	s := suite{t.Context(), open(t)}
	good, bad := []string{"a/b-/x", "raw/kind=cdr/y"}, []string{"a/b", "k", "raw/kind=cdr/x"}
	for _, name := range good {
		s.put(t, name, "x")
	}
	for _, name := range bad {
		spoil(t, s.bucket, name)
	}
	for _, c := range []struct {
		prefix, after string
		good, bad     []string
	}{
		{"", "", good, bad},
		{"raw/", "", good[1:], bad[2:]},
		{"raw/", "raw/kind=cdr/x/z", good[1:], bad[2:]}, // more may follow below it
		{"raw/", "raw/kind=cdr/x0", good[1:], nil},
		{"a/b", "", good[:1], bad[:1]},
		{"k", "", nil, bad[1:2]},
		{"k/below/it", "", nil, bad[1:2]},
		{"b", "", nil, nil},
	} {
		s.checkBroken(t, c.prefix, c.after, c.good, c.bad)
	}
	for _, name := range bad {
		for range s.bucket.List(s.ctx, name, "") {
			break // to go on after the break would be a panic
		}
		testBrokenObject(t, s, name)
	}
}

// checkBroken checks that a list names all bad things, and has all good ones.
func (s suite) checkBroken(t *testing.T, prefix, after string, good, bad []string) {
	t.Helper()
	var found, named []string
	for name, err := range s.bucket.List(s.ctx, prefix, after) {
		if err == nil {
			found = append(found, name)
			continue
		}
		b, ok := errors.AsType[*each.Bad](err)
		if !ok || name != "" {
			t.Fatalf("list of %q: %q, %v", prefix, name, err)
		}
		named = append(named, b.Name)
	}
	if !slices.Equal(found, good) || !slices.Equal(named, bad) {
		t.Errorf("list of %q after %q: %q, and bad are %q; want %q, and %q", prefix, after, found, named, good, bad)
	}
}

// testBrokenObject checks that nothing is read or written through a bad thing.
func testBrokenObject(t *testing.T, s suite, bad string) {
	for _, name := range []string{bad, bad + "/below"} {
		if body, err := s.bucket.Get(s.ctx, name); err == nil {
			t.Errorf("get %s: %q", name, body)
		}
		if body, err := s.stream(name); err == nil {
			t.Errorf("open %s: %q", name, body)
		}
		if tag, err := s.bucket.Tag(s.ctx, name); err == nil {
			t.Errorf("tag of %s: %q", name, tag)
		}
	}
	if err := s.bucket.Put(s.ctx, bad+"/below", nil); err == nil {
		t.Errorf("%s/below is written", bad)
	}
}
