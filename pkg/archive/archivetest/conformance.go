package archivetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/archive"
)

// Run runs the suite. Each call of open returns an empty Bucket.
func Run(t *testing.T, open func(t *testing.T) archive.Bucket) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, suite)
	}{
		{"what was put is got, byte for byte", testRoundTrip},
		{"what was put is replaced whole", testReplace},
		{"a tag names a content", testTag},
		{"an object is replaced where it has the tag that was read", testReplaceTagged},
		{"an object is made by a replacement with an empty tag", testReplaceNone},
		{"a content that comes back may have its tag again", testSameContent},
		{"of writers who read the same tag, one replaces", testReplaceRace},
		{"no replacement undoes another that it has not seen", testReplaceChain},
		{"no replacement undoes a put that it has not seen", testUnseen},
		{"a stream is of one content", testStream},
		{"an ended context ends a stream", testContextOfStream},
		{"nothing is fs.ErrNotExist, and deleted with success", testNothing},
		{"invalid names are refused", testNames},
		{"names are listed in the order of their bytes", testList},
		{"a list goes on over many pages", testPages},
		{"a loop's body may use the bucket", testLoopBody},
		{"a loop may be left at any name", testBreak},
		{"a read sees every write that had returned", testReadAfterWrite},
		{"no reader sees a part of an object", testWholeObjects},
		{"an ended context ends every method", testContext},
		{"a context that ends within a loop ends the list", testContextOfLoop},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, suite{t.Context(), open(t)}) })
	}
}

type suite struct {
	ctx    context.Context
	bucket archive.Bucket
}

func (s suite) put(t *testing.T, name, body string) {
	t.Helper()
	if err := s.bucket.Put(s.ctx, name, []byte(body)); err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
}

func (s suite) check(t *testing.T, name, want string) {
	t.Helper()
	if got, err := s.bucket.Get(s.ctx, name); err != nil || string(got) != want {
		t.Errorf("%s: got %d bytes %.40q, %v, want %.40q", name, len(got), got, err, want)
	}
	if got, err := s.stream(name); err != nil || string(got) != want {
		t.Errorf("%s: the stream has %d bytes %.40q, %v, want %.40q", name, len(got), got, err, want)
	}
}

// stream reads an object as a stream.
func (s suite) stream(name string) ([]byte, error) {
	stream, err := s.bucket.Open(s.ctx, name)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(stream)
	return body, errors.Join(err, stream.Close())
}

func all(t *testing.T, names iter.Seq2[string, error]) []string {
	t.Helper()
	var found []string
	for name, err := range names {
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		found = append(found, name)
	}
	return found
}

func testRoundTrip(t *testing.T, s suite) {
	longest := strings.Repeat("d/", 200) + strings.Repeat("n", 112)
	for name, body := range map[string]string{
		"a": "", "b/c.json": "{}\n", "raw/kind=cc_cdr/dt=2026-11-23/x_Y-0.json": "\x00\xff\r\n\u2028", longest: "x",
		"large": strings.Repeat("0123456789abcdef", 5<<20/16), "..a/b..": "dots",
	} {
		s.put(t, name, body)
		s.check(t, name, body)
	}
	put, replaced := []byte("mine"), []byte("mine")
	err := errors.Join(s.bucket.Put(s.ctx, "put", put), s.bucket.Replace(s.ctx, "replaced", replaced, ""))
	if err != nil {
		t.Fatal(err)
	}
	copy(put, "gone")
	copy(replaced, "gone")
	for _, name := range []string{"put", "replaced"} {
		got, err := s.bucket.Get(s.ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		copy(got, "gone")
		s.check(t, name, "mine")
	}
}

func testReplace(t *testing.T, s suite) {
	s.put(t, "a/b", "a long body")
	s.put(t, "a/b", "short")
	s.check(t, "a/b", "short")
}

func (s suite) delete(t *testing.T, name string) {
	t.Helper()
	if err := s.bucket.Delete(s.ctx, name); err != nil {
		t.Fatalf("delete %s: %v", name, err)
	}
}

func (s suite) tag(t *testing.T, name string) string {
	t.Helper()
	tag, err := s.bucket.Tag(s.ctx, name)
	if err != nil || tag == "" {
		t.Errorf("tag of %s: %q, %v", name, tag, err)
	}
	return tag
}

// replace replaces an object if that is allowed. Otherwise it checks that nothing is written.
func (s suite) replace(t *testing.T, name, body, tag string, allowed bool) {
	t.Helper()
	before, _ := s.bucket.Get(s.ctx, name)
	err := s.bucket.Replace(s.ctx, name, []byte(body), tag)
	if allowed && err != nil || !allowed && !errors.Is(err, archive.ErrChanged) {
		t.Errorf("replace %s by %q: %v", name, body, err)
	}
	if after, _ := s.bucket.Get(s.ctx, name); allowed && string(after) != body || !allowed && !bytes.Equal(after, before) {
		t.Errorf("replace %s by %q: there is %q", name, body, after)
	}
}

func testTag(t *testing.T, s suite) {
	seen := map[string]string{}
	for _, body := range []string{"", "a", "b", "a\n", strings.Repeat("a", 300_000)} {
		s.put(t, "a/b", body)
		tag := s.tag(t, "a/b")
		if again := s.tag(t, "a/b"); again != tag {
			t.Errorf("%.9q has the tags %q and %q", body, tag, again)
		}
		if other, ok := seen[tag]; ok {
			t.Errorf("%.9q and %.9q have the same tag", other, body)
		}
		seen[tag] = body
	}
}

func testReplaceTagged(t *testing.T, s suite) {
	s.put(t, "a/b", "first")
	first := s.tag(t, "a/b")
	s.replace(t, "a/b", "second", first, true)
	s.replace(t, "a/b", "third", first, false)
	second := s.tag(t, "a/b")
	s.put(t, "a/b", "put")
	s.replace(t, "a/b", "third", second, false)
	s.replace(t, "a/b", "", s.tag(t, "a/b"), true)
	last := s.tag(t, "a/b")
	s.replace(t, "other", "x", last, false)
	s.delete(t, "a/b")
	s.replace(t, "a/b", "third", last, false)
}

func testReplaceNone(t *testing.T, s suite) {
	s.replace(t, "a/b", "first", "", true)
	s.replace(t, "a/b", "second", "", false)
	s.put(t, "empty", "")
	s.replace(t, "empty", "second", "", false)
	s.delete(t, "a/b")
	s.replace(t, "a/b", "third", "", true)
}

func testSameContent(t *testing.T, s suite) {
	s.put(t, "a", "first")
	first := s.tag(t, "a")
	s.put(t, "a", "second")
	s.put(t, "a", "first")
	s.replace(t, "a", "third", first, s.tag(t, "a") == first)
}

func testReplaceRace(t *testing.T, s suite) {
	for _, name := range []string{"new", "old"} {
		tag := ""
		if name == "old" {
			s.put(t, name, "x")
			tag = s.tag(t, name)
		}
		won := make(chan string, 8)
		var writers sync.WaitGroup
		for w := range cap(won) {
			writers.Go(func() {
				body := fmt.Sprint("writer ", w)
				err := s.bucket.Replace(s.ctx, name, []byte(body), tag)
				if err == nil {
					won <- body
				} else if !errors.Is(err, archive.ErrChanged) {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		if len(won) != 1 {
			t.Errorf("%s: %d writers have replaced it", name, len(won))
			continue
		}
		s.check(t, name, <-won)
	}
}

func testReplaceChain(t *testing.T, s suite) {
	s.put(t, "count", "0")
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 5 {
				s.increment(t)
			}
		})
	}
	writers.Wait()
	s.check(t, "count", "20")
}

// increment adds 1 to an object, and retries until no other writer is faster.
func (s suite) increment(t *testing.T) {
	for {
		tag, err := s.bucket.Tag(s.ctx, "count")
		if err != nil {
			t.Error(err)
			return
		}
		body, err := s.bucket.Get(s.ctx, "count") // may be newer than the tag
		if err != nil {
			t.Error(err)
			return
		}
		n, _ := strconv.Atoi(string(body))
		err = s.bucket.Replace(s.ctx, "count", []byte(strconv.Itoa(n+1)), tag)
		if err == nil {
			return
		}
		if !errors.Is(err, archive.ErrChanged) {
			t.Error(err)
			return
		}
	}
}

// testUnseen runs a put and replacements that have not seen it concurrently. The put remains,
// whichever comes first. Only package dir tests concurrent deletions: emulators of S3 let a
// deletion pass between the check and the write.
func testUnseen(t *testing.T, s suite) {
	for i := range 20 {
		name := fmt.Sprint("raced/", i)
		s.put(t, name, strings.Repeat("x", 1<<20))
		tag := s.tag(t, name)
		var writers sync.WaitGroup
		for range 2 {
			writers.Go(func() {
				err := s.bucket.Replace(s.ctx, name, []byte("replaced"), tag)
				if err != nil && !errors.Is(err, archive.ErrChanged) {
					t.Error(err)
				}
			})
		}
		writers.Go(func() {
			if err := s.bucket.Put(s.ctx, name, []byte("put")); err != nil {
				t.Error(err)
			}
		})
		writers.Wait()
		s.check(t, name, "put")
	}
}

// testStream replaces and deletes an object while it is read. The stream of a deleted one may break off,
// but not without an error.
func testStream(t *testing.T, s suite) {
	for then, change := range map[string]func(name string) error{
		"replaced": func(name string) error { return s.bucket.Put(s.ctx, name, []byte("other")) },
		"deleted":  func(name string) error { return s.bucket.Delete(s.ctx, name) },
		"closed":   func(string) error { return nil },
	} {
		body := strings.Repeat(then, 1<<20)
		s.put(t, then, body)
		stream, err := s.bucket.Open(s.ctx, then)
		if err != nil {
			t.Fatal(err)
		}
		begin := make([]byte, 100)
		if _, err := io.ReadFull(stream, begin); err != nil {
			t.Fatal(err)
		}
		if err := change(then); err != nil {
			t.Fatal(err)
		}
		if then != "closed" {
			rest, err := io.ReadAll(stream)
			brokenOff := err != nil && then == "deleted"
			if !brokenOff && (err != nil || string(begin)+string(rest) != body) {
				t.Errorf("%s: %d bytes, %v", then, len(begin)+len(rest), err)
			}
		}
		if err := stream.Close(); err != nil {
			t.Errorf("close of what is %s: %v", then, err)
		}
	}
}

func testContextOfStream(t *testing.T, s suite) {
	s.put(t, "a", strings.Repeat("x", 8<<20))
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	stream, err := s.bucket.Open(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if _, err := io.ReadFull(stream, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if n, err := io.Copy(io.Discard, stream); !errors.Is(err, context.Canceled) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func testNothing(t *testing.T, s suite) {
	s.put(t, "a/b", "x")
	for _, name := range []string{"a", "a/c", "a/b/c", "x/y/z"} {
		if _, err := s.bucket.Get(s.ctx, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("get %s: %v", name, err)
		}
		if _, err := s.stream(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("open %s: %v", name, err)
		}
		if _, err := s.bucket.Tag(s.ctx, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("tag of %s: %v", name, err)
		}
		if err := s.bucket.Delete(s.ctx, name); err != nil {
			t.Errorf("delete %s: %v", name, err)
		}
	}
	s.check(t, "a/b", "x")
	for range 2 {
		if err := s.bucket.Delete(s.ctx, "a/b"); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.bucket.Get(s.ctx, "a/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after its deletion: %v", err)
	}
	if tag, err := s.bucket.Tag(s.ctx, "a/b"); tag != "" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after its deletion its tag is %q, %v", tag, err)
	}
	if found := all(t, s.bucket.List(s.ctx, "", "")); len(found) != 0 {
		t.Errorf("after its deletion the list has %q", found)
	}
}

func testNames(t *testing.T, s suite) {
	for _, bad := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b",
		"a\\b", "a\x00b", "a b", "a\nb", "é", "~a", "a:b", "a*", strings.Repeat("a", 513),
	} {
		_, get := s.bucket.Get(s.ctx, bad)
		_, open := s.stream(bad)
		_, tag := s.bucket.Tag(s.ctx, bad)
		for method, err := range map[string]error{
			"get": get, "open": open, "tag": tag, "put": s.bucket.Put(s.ctx, bad, nil), "delete": s.bucket.Delete(s.ctx, bad),
			"create": s.bucket.Replace(s.ctx, bad, nil, ""), "replace": s.bucket.Replace(s.ctx, bad, nil, "x"),
		} {
			answered := err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, archive.ErrChanged)
			if answered || archive.CheckName(bad) == nil {
				t.Errorf("%s %q: %v", method, bad, err)
			}
		}
	}
	for _, prefix := range []string{"", "/", "../", "~", "é"} { // any text may be a prefix
		if found := all(t, s.bucket.List(s.ctx, prefix, "")); len(found) != 0 {
			t.Errorf("the list of %q has %q", prefix, found)
		}
	}
}

func testList(t *testing.T, s suite) {
	names := []string{"a-b", "a.b", "a/b", "a/b.c", "a/b0/c", "a/b0/d", "a0", "a=1", "A", "aa/z", "b/a", "b/a-/x", "b/a.x"}
	for i := range names { // in another order
		s.put(t, names[(i*5)%len(names)], "x")
	}
	slices.Sort(names)
	prefixes := append([]string{"", "a", "a/", "a/b", "a/b0", "a/b0/", "b", "b/a-", "z", "a/b/"}, names...)
	for _, prefix := range prefixes {
		for _, after := range append([]string{"", "0", "a", "a/", "a/b0", "a/c", "zz", "../", "é"}, names...) {
			var want []string
			for _, name := range names {
				if strings.HasPrefix(name, prefix) && name > after {
					want = append(want, name)
				}
			}
			if got := all(t, s.bucket.List(s.ctx, prefix, after)); !slices.Equal(got, want) {
				t.Errorf("prefix %q after %q: got %q, want %q", prefix, after, got, want)
			}
		}
	}
}

func testPages(t *testing.T, s suite) {
	const count = 1010 // a page of S3 has 1,000
	var want []string
	var writers sync.WaitGroup
	for i := range count {
		want = append(want, fmt.Sprintf("p/%d/%04d", i%3, i))
	}
	for chunk := range slices.Chunk(want, count/16) {
		writers.Go(func() {
			for _, name := range chunk {
				if err := s.bucket.Put(s.ctx, name, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	slices.Sort(want)
	for _, skipped := range []int{0, 1, 999, 1000, 1001, count} {
		after := ""
		if skipped > 0 {
			after = want[skipped-1]
		}
		if got := all(t, s.bucket.List(s.ctx, "p/", after)); !slices.Equal(got, want[skipped:]) {
			t.Errorf("after %q: %d names, want %d in their order", after, len(got), count-skipped)
		}
	}
}

func testLoopBody(t *testing.T, s suite) {
	for i := range 10 {
		s.put(t, fmt.Sprintf("a/%d", i), "x")
	}
	seen := 0
	for name, err := range s.bucket.List(s.ctx, "a/", "") {
		if err != nil {
			t.Fatal(err)
		}
		seen++
		s.put(t, "A/"+name, "x")
		if err := s.bucket.Delete(s.ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	if left := all(t, s.bucket.List(s.ctx, "", "")); seen != 10 || len(left) != 10 {
		t.Errorf("%d seen, %q left", seen, left)
	}
}

func testBreak(t *testing.T, s suite) {
	names := []string{"a/b/c", "a/b/d", "a/e", "f"}
	for _, name := range names {
		s.put(t, name, "x")
	}
	for _, last := range names {
		for name, err := range s.bucket.List(s.ctx, "", "") { // to go on after the break would be a panic
			if err != nil {
				t.Fatal(err)
			}
			if name == last {
				break
			}
		}
	}
}

func testReadAfterWrite(t *testing.T, s suite) {
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 10 {
				name, body := fmt.Sprintf("x/%d/%d", w, i%5), fmt.Sprint(w, " ", i)
				if err := s.bucket.Put(s.ctx, name, []byte(body)); err != nil {
					t.Error(err)
				}
				s.check(t, name, body)
			}
		})
	}
	writers.Wait()
	if found := all(t, s.bucket.List(s.ctx, "x/", "")); len(found) != 8*5 {
		t.Errorf("%d names, want %d", len(found), 8*5)
	}
}

func testWholeObjects(t *testing.T, s suite) {
	bodies := []string{strings.Repeat("a", 300_000), strings.Repeat("b", 200_000), "c"}
	s.put(t, "x/shared", bodies[0])
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for _, body := range bodies {
		writers.Go(func() {
			for range 10 {
				if err := s.bucket.Put(s.ctx, "x/shared", []byte(body)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	readers.Go(func() {
		for {
			got, err := s.bucket.Get(s.ctx, "x/shared")
			if err != nil || len(got) == 0 || len(bytes.Trim(got, string(got[:1]))) != 0 || !slices.Contains(bodies, string(got)) {
				t.Errorf("a reader sees %d bytes, %v", len(got), err)
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	writers.Wait()
	close(done)
	readers.Wait()
}

func testContext(t *testing.T, s suite) {
	s.put(t, "a", "x")
	tag := s.tag(t, "a")
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	for method, call := range map[string]func() error{
		"get":             func() error { _, err := s.bucket.Get(ended, "a"); return err },
		"open":            func() error { _, err := s.bucket.Open(ended, "a"); return err },
		"put":             func() error { return s.bucket.Put(ended, "b", []byte("y")) },
		"tag":             func() error { _, err := s.bucket.Tag(ended, "a"); return err },
		"create":          func() error { return s.bucket.Replace(ended, "c", nil, "") },
		"replace":         func() error { return s.bucket.Replace(ended, "a", nil, tag) },
		"delete":          func() error { return s.bucket.Delete(ended, "a") },
		"list":            func() error { _, err := drain(s.bucket.List(ended, "", "")); return err },
		"list of nothing": func() error { _, err := drain(s.bucket.List(ended, "none/", "")); return err },
	} {
		began := time.Now()
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", method, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s took %v", method, took)
		}
	}
}

func testContextOfLoop(t *testing.T, s suite) {
	for i := range 5 {
		s.put(t, fmt.Sprint("a/", i), "x")
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	seen, failures := 0, 0
	for name, err := range s.bucket.List(ctx, "", "") {
		if err == nil {
			seen++
			cancel()
			continue
		}
		failures++
		if name != "" || !errors.Is(err, context.Canceled) {
			t.Errorf("%q, %v", name, err)
		}
	}
	if seen != 1 || failures != 1 {
		t.Errorf("%d names and %d errors, want one of each", seen, failures)
	}
}

// drain returns how many names there are, and the error at their end.
func drain(names iter.Seq2[string, error]) (seen int, err error) {
	for _, err = range names {
		if err == nil {
			seen++
		}
	}
	return seen, err
}
