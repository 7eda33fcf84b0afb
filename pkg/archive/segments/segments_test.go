package segments

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/pbx"
)

const mac = pbx.MAC("68692e0b0001")

// noon is a time of receipt, of which it is the clock's time, too.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(when time.Time) func() time.Time { return func() time.Time { return when } }

// begun opens an archive that appends to segments.
func begun(tb testing.TB, f Folder, now func() time.Time) *Archive {
	tb.Helper()
	a, err := Open(context.Background(), f)
	if err != nil {
		tb.Fatal(err)
	}
	a.Begin(now)
	tb.Cleanup(func() { a.Close() })
	return a
}

func inFolder(tb testing.TB, path string) *dir.Bucket {
	tb.Helper()
	b, err := dir.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.Close() })
	return b
}

func keep(tb testing.TB, a *Archive, received time.Time, first, count int) []archive.Envelope {
	tb.Helper()
	all := archivetest.Envelopes(mac, received, first, count)
	if err := a.Keep(context.Background(), all); err != nil {
		tb.Fatal(err)
	}
	return all
}

// names lists raw/.
func names(tb testing.TB, b archive.Bucket) (all []string) {
	tb.Helper()
	for name, err := range b.List(context.Background(), archive.RawPrefix, "") {
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, name)
	}
	return all
}

// ids counts the lines that a reader finds, by ID.
func ids(tb testing.TB, b archive.Bucket) map[string]int {
	tb.Helper()
	found := map[string]int{}
	day := pbx.UTCDay(noon)
	for line, err := range (archive.Part{First: day - 1, Last: day + 1}).Lines(context.Background(), b) {
		if err != nil {
			tb.Fatal(err)
		}
		r, err := archive.ParseReceipt(line.Text)
		if err != nil {
			tb.Fatalf("%s: %v", line, err)
		}
		found[r.ID]++
	}
	return found
}

// checkThere checks that a reader finds just these events.
func checkThere(tb testing.TB, b archive.Bucket, want ...archive.Envelope) {
	tb.Helper()
	found := ids(tb, b)
	for _, e := range want {
		if found[e.ID()] == 0 {
			tb.Errorf("%s is missing", e.ID())
		}
	}
	if len(found) != len(want) {
		tb.Errorf("%d events are there, want %d", len(found), len(want))
	}
}

func TestAnArchiveIsABucket(t *testing.T) {
	archivetest.Run(t, func(t *testing.T) archive.Bucket { return begun(t, archivetest.NewMemory(), at(noon)) })
}

// midnight is the time in the suite of Keepers.
var midnight = time.Date(2026, 11, 24, 0, 0, 1, 0, time.UTC)

func TestAnArchiveIsAKeeper(t *testing.T) {
	for name, folder := range map[string]func(t *testing.T) Folder{
		"in memory":   func(*testing.T) Folder { return archivetest.NewMemory() },
		"in a folder": func(t *testing.T) Folder { return inFolder(t, t.TempDir()) },
	} {
		t.Run(name, func(t *testing.T) {
			archivetest.RunKeeper(t, func(t *testing.T) archivetest.Kept {
				f := folder(t)
				return archivetest.Kept{Keeper: begun(t, f, at(midnight)), Bucket: f}
			})
		})
		t.Run(name+", compressed before each reading", func(t *testing.T) {
			archivetest.RunKeeper(t, func(t *testing.T) archivetest.Kept {
				f := folder(t)
				a := begun(t, f, at(midnight))
				return archivetest.Kept{Keeper: a, Bucket: f, Settle: func(t *testing.T) { finishAll(t, a) }}
			})
		})
	}
}

// finishAll finishes all segments.
func finishAll(tb testing.TB, a *Archive) {
	tb.Helper()
	for _, name := range names(tb, a.Folder) {
		if err := a.finish(context.Background(), name); err != nil {
			tb.Fatal(err)
		}
	}
	for _, name := range names(tb, a.Folder) {
		if isSegment(name) {
			tb.Errorf("%s is not finished", name)
		}
	}
}

func TestWhatWasAcknowledgedIsThereWhicheverCallFails(t *testing.T) {
	for name, settle := range map[string]func(*testing.T, Folder){
		"and the process goes on": nil,
		"and the process dies":    func(t *testing.T, f Folder) { finishAll(t, begun(t, f, at(midnight))) },
	} {
		t.Run(name, func(t *testing.T) {
			archivetest.RunKeeperFaults(t, func(t *testing.T, fault func(archivetest.Call) archivetest.Fault) archivetest.Kept {
				m := archivetest.NewMemory()
				a, err := Open(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				a.Begin(at(midnight))
				a.Folder = archivetest.NewFaultyGrowing(m, fault)
				k := archivetest.Kept{Keeper: a, Bucket: m}
				if settle != nil {
					k.Settle = func(t *testing.T) { settle(t, m) }
				}
				return k
			})
		})
	}
}

// TestWhatIsFinishedIsThereWhicheverCallFails lets each call fail by which a segment is closed and
// compressed.
func TestWhatIsFinishedIsThereWhicheverCallFails(t *testing.T) {
	cases := 0
	for _, fault := range []archivetest.Fault{archivetest.Fails, archivetest.FailsButPersisted} {
		for _, dies := range []bool{false, true} {
			for call, failed := 1, true; failed; call++ {
				m := archivetest.NewMemory()
				a := begun(t, m, at(noon))
				want := keep(t, a, noon, 0, 3)
				made := 0
				a.Folder = archivetest.NewFaultyGrowing(m, func(archivetest.Call) archivetest.Fault {
					if made++; made == call || dies && made > call {
						return fault
					}
					return archivetest.None
				})
				err := a.finish(t.Context(), names(t, m)[0])
				failed = made >= call
				if failed != (err != nil) {
					t.Errorf("call %d of %d failed: %v", call, made, err)
				}
				cases++
				checkThere(t, m, want...)
				again := begun(t, m, at(noon.Add(time.Hour)))
				if err := again.Tend(t.Context()); err != nil {
					t.Error(err)
				}
				checkThere(t, m, want...)
				if left := names(t, m); len(left) != 1 || isSegment(left[0]) || len(again.unfinished) != 0 {
					t.Errorf("left: %q", left)
				}
			}
		}
	}
	if t.Logf("%d cases", cases); cases < 20 {
		t.Errorf("%d cases", cases)
	}
}

// TestATornEndIsIgnoredAndCutOff tears a segment at every byte of its last line.
func TestATornEndIsIgnoredAndCutOff(t *testing.T) {
	m := archivetest.NewMemory()
	a := begun(t, m, at(noon))
	whole := keep(t, a, noon, 0, 2)
	torn := archivetest.Envelopes(mac, noon, 2, 1)
	name := names(t, m)[0]
	text, err := m.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := archive.Lines(torn)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(lines) + 1 {
		after := m.Clone()
		if err := after.Put(t.Context(), name, append(bytes.Clone(text), lines[:n]...)); err != nil {
			t.Fatal(err)
		}
		want := append(slices.Clone(whole), torn[:bytes.Count(lines[:n], []byte("\n"))]...)
		checkThere(t, after, want...)
		next := begun(t, after, at(noon.Add(time.Minute)))
		want = append(want, keep(t, next, noon.Add(time.Minute), 4, 1)...)
		checkThere(t, after, want...)
		if err := next.Tend(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkThere(t, after, want...)
		if _, err := after.Tag(t.Context(), name); err == nil {
			t.Error("the segment is not finished")
		}
	}
}

func TestASegmentClosesWhenItIsFullAndAfterItsDay(t *testing.T) {
	m := archivetest.NewMemory()
	now := noon
	a := begun(t, m, func() time.Time { return now })
	a.full = 1000
	want := keep(t, a, noon, 0, 1)
	tend := func(finished, open int) {
		t.Helper()
		if err := a.Tend(t.Context()); err != nil {
			t.Fatal(err)
		}
		all := names(t, m)
		packed := slices.DeleteFunc(slices.Clone(all), isSegment)
		if len(packed) != finished || len(all)-len(packed) != open {
			t.Errorf("at %s: %q, want %d finished, %d open", now, all, finished, open)
		}
		checkThere(t, m, want...)
	}
	tend(0, 1)
	want = append(want, keep(t, a, noon, 1, 10)...)
	tend(1, 0)
	want = append(want, keep(t, a, noon, 20, 1)...)
	now = noon.Add(12*time.Hour + closesAfter)
	tend(1, 1)
	want = append(want, keep(t, a, noon, 21, 1)...) // a late one
	now = now.Add(closesAfter)
	tend(1, 1)
	now = now.Add(time.Second)
	tend(2, 0)
	if len(a.lanes) != 0 {
		t.Errorf("%d lanes are left", len(a.lanes))
	}
	want = append(want, keep(t, a, noon, 22, 1)...)
	tend(2, 1)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Keep(t.Context(), want[:1]); !errors.Is(err, errClosed) {
		t.Errorf("after the end: %v", err)
	}
	a = begun(t, m, func() time.Time { return now })
	tend(3, 0)
}

func TestOldEventsGetObjectsOfTheirOwn(t *testing.T) {
	m := archivetest.NewMemory()
	a := begun(t, m, at(noon))
	for n, received := range []time.Time{noon.Add(-48 * time.Hour), noon.Add(24 * time.Hour)} {
		keep(t, a, received, n, 1)
	}
	if len(a.lanes) != 0 || len(names(t, m)) != 2 {
		t.Errorf("%d lanes, %q", len(a.lanes), names(t, m))
	}
	none, err := Open(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	keep(t, none, noon, 3, 1)
	if all := names(t, m); len(all) != 3 || slices.ContainsFunc(all, isSegment) {
		t.Errorf("before it begins: %q", all)
	}
}

// TestWhoReplacesASegmentHasItFinishedFirst does what an erasure and a merge do.
func TestWhoReplacesASegmentHasItFinishedFirst(t *testing.T) {
	m := archivetest.NewMemory()
	a := begun(t, m, at(noon))
	want := keep(t, a, noon, 0, 2)
	open := func() string { t.Helper(); all := names(t, m); return all[len(all)-1] }
	name := open()
	if tag, err := a.Tag(t.Context(), name); err == nil {
		t.Errorf("an open segment has the tag %s", tag)
	}
	checkThere(t, m, want...)
	if tag, err := a.Tag(t.Context(), name+".gz"); err != nil || tag == "" {
		t.Errorf("%q, %v", tag, err)
	}
	want = append(want, keep(t, a, noon.Add(time.Second), 2, 1)...)
	if err := a.Delete(t.Context(), open()); err != nil {
		t.Fatal(err)
	}
	want = append(want, keep(t, a, noon.Add(2*time.Second), 3, 1)...)
	if err := a.Replace(t.Context(), open(), nil, "x"); !errors.Is(err, archive.ErrChanged) {
		t.Error(err)
	}
	checkThere(t, m, want...)
	for _, name := range names(t, m) {
		if isSegment(name) {
			t.Errorf("%s is not finished", name)
		}
	}
}

// TestDeliveriesThatWaitAreSyncedAtOnce holds the first sync back until all others wait.
func TestDeliveriesThatWaitAreSyncedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		syncs := 0
		slow := func(c archivetest.Call) archivetest.Fault {
			if c.Method == "Sync" {
				syncs++
				time.Sleep(time.Second)
			}
			return archivetest.None
		}
		m := archivetest.NewMemory()
		a := begun(t, archivetest.NewFaultyGrowing(m, slow), at(noon))
		var sending sync.WaitGroup
		for n := range 100 {
			sending.Go(func() { keep(t, a, noon, n, 1) })
		}
		sending.Wait()
		if syncs > 2 {
			t.Errorf("%d syncs for 100 deliveries", syncs)
		}
		if found := len(ids(t, m)); found != 100 {
			t.Errorf("%d events", found)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		late := archivetest.Envelopes(mac, noon, 100, 1)
		if err := a.Keep(ctx, late); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a sync longer than the context: %v", err)
		}
		a.Close()
		if found := len(ids(t, m)); found != 101 {
			t.Errorf("%d events", found)
		}
	})
}

// TestLinesThatWaitHaveABound holds a write back while more deliveries come than a group takes.
func TestLinesThatWaitHaveABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		largest := 0
		m := archivetest.NewMemory()
		a := begun(t, archivetest.NewFaultyGrowing(m, func(c archivetest.Call) archivetest.Fault {
			if c.Method == "WriteAt" {
				time.Sleep(time.Second)
			}
			return archivetest.None
		}), at(noon))
		var sending sync.WaitGroup
		for n := range 20 {
			sending.Go(func() {
				e := archivetest.Envelopes(mac, noon, n, 1)
				e[0].Body = bytes.Repeat([]byte{'x'}, 1<<20)
				if err := a.Keep(t.Context(), e); err != nil {
					t.Error(err)
				}
			})
		}
		for range 10 {
			synctest.Wait()
			a.mu.Lock()
			for _, l := range a.lanes {
				if l.next != nil {
					largest = max(largest, len(l.next.lines))
				}
			}
			a.mu.Unlock()
			time.Sleep(time.Second)
		}
		sending.Wait()
		if found := len(ids(t, m)); found != 20 || largest > groupBytes || largest < groupBytes/2 {
			t.Errorf("%d events, %d bytes waited", found, largest)
		}
		a.Close()
	})
}

// TestAFullDiskLeavesNoLitter has each write fail.
func TestAFullDiskLeavesNoLitter(t *testing.T) {
	full := true
	m := archivetest.NewMemory()
	a := begun(t, archivetest.NewFaultyGrowing(m, func(c archivetest.Call) archivetest.Fault {
		if full && c.Method == "WriteAt" {
			return archivetest.Fails
		}
		return archivetest.None
	}), at(noon))
	for n := range 10 {
		if err := a.Keep(t.Context(), archivetest.Envelopes(mac, noon, n, 1)); !errors.Is(err, archivetest.ErrInjected) {
			t.Errorf("%v", err)
		}
	}
	full = false
	want := keep(t, a, noon, 10, 1)
	if all := names(t, m); len(all) != 1 {
		t.Errorf("%q", all)
	}
	checkThere(t, m, want...)
}

// TestAfterAFailedSyncTheSegmentTakesNoMore has one sync fail.
func TestAfterAFailedSyncTheSegmentTakesNoMore(t *testing.T) {
	syncs := 0
	m := archivetest.NewMemory()
	a := begun(t, archivetest.NewFaultyGrowing(m, func(c archivetest.Call) archivetest.Fault {
		if c.Method == "Sync" {
			if syncs++; syncs == 2 {
				return archivetest.Fails
			}
		}
		return archivetest.None
	}), at(noon))
	want := keep(t, a, noon, 0, 1)
	if err := a.Keep(t.Context(), archivetest.Envelopes(mac, noon, 1, 1)); err == nil {
		t.Error("it was acknowledged")
	}
	want = append(want, keep(t, a, noon, 2, 1)...)
	if all := names(t, m); len(all) != 2 {
		t.Errorf("%q", all)
	}
	found := ids(t, m)
	for _, e := range want {
		if found[e.ID()] != 1 {
			t.Errorf("%s is there %d times", e.ID(), found[e.ID()])
		}
	}
}

// TestReadersSeeAllThatWasAcknowledged reads while events are appended, and segments are finished.
func TestReadersSeeAllThatWasAcknowledged(t *testing.T) {
	folder := inFolder(t, t.TempDir())
	a := begun(t, folder, at(noon))
	a.full = 20_000
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var sending sync.WaitGroup
	sent := make(chan struct{})
	for sender := range 4 {
		sending.Go(func() {
			for n := range 100 {
				e := archivetest.Envelopes(mac, noon.Add(time.Duration(sender)*time.Second), n, 1)
				if err := a.Keep(t.Context(), e); err != nil {
					t.Error(err)
				}
				mu.Lock()
				acknowledged[e[0].ID()] = true
				mu.Unlock()
			}
		})
	}
	go func() { sending.Wait(); close(sent) }()
	for ended := false; !ended; {
		select {
		case <-sent:
			ended = true
		default:
		}
		mu.Lock()
		before := make([]string, 0, len(acknowledged))
		for id := range acknowledged {
			before = append(before, id)
		}
		mu.Unlock()
		tended := make(chan error, 1)
		go func() { tended <- a.Tend(t.Context()) }()
		found := ids(t, folder)
		for _, id := range before {
			if found[id] == 0 {
				t.Fatalf("%s was acknowledged, and a reader does not find it", id)
			}
		}
		if err := <-tended; err != nil {
			t.Fatal(err)
		}
	}
	if packed := slices.DeleteFunc(names(t, folder), isSegment); len(packed) < 2 {
		t.Errorf("only %q were finished meanwhile", packed)
	}
}

// TestAFinishedSegmentIsItsLines reads it without the package's code.
func TestAFinishedSegmentIsItsLines(t *testing.T) {
	path := t.TempDir()
	a := begun(t, inFolder(t, path), at(noon))
	want, err := archive.Lines(keep(t, a, noon, 0, 100))
	if err != nil {
		t.Fatal(err)
	}
	name := names(t, a.Folder)[0]
	if info, err := os.Stat(filepath.Join(path, name)); err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(name, "/segment-1795435200000-") {
		t.Errorf("%s: %v, %v", name, info, err)
	}
	finishAll(t, a)
	f, err := os.Open(filepath.Join(path, name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(unpacked); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d, %v", len(got), len(want), err)
	}
}

// TestNoSegmentLeadsOutOfTheFolder has links and FIFOs where a segment's folder is to be.
func TestNoSegmentLeadsOutOfTheFolder(t *testing.T) {
	for _, at := range []string{"raw", "raw/kind=hangup", "raw/kind=hangup/dt=2026-11-23"} {
		path, outside := t.TempDir(), t.TempDir()
		a := begun(t, inFolder(t, path), func() time.Time { return noon })
		if err := os.MkdirAll(filepath.Dir(filepath.Join(path, at)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(path, at)); err != nil {
			t.Fatal(err)
		}
		if err := a.Keep(t.Context(), archivetest.Envelopes(mac, noon, 0, 1)); err == nil {
			t.Errorf("%s is a link, and was followed", at)
		}
		if found, err := os.ReadDir(outside); err != nil || len(found) != 0 {
			t.Errorf("outside: %v, %v", found, err)
		}
	}
}

func TestAListOfSegmentsNamesNothingElse(t *testing.T) {
	m := archivetest.NewMemory()
	text := "raw/kind=hangup/dt=2026-11-23/segment-1.ndjson\nquarantine/a/b/segment-1.ndjson\n../segment-1.ndjson\nraw/kind=hangup/dt=2026-11-23/segment-2.ndjson.gz\n\x00\nraw/a/b/segment-"
	if err := m.Put(t.Context(), listName, []byte(text)); err != nil {
		t.Fatal(err)
	}
	a := begun(t, m, at(noon))
	if left := a.left(); len(left) != 1 || left[0] != "raw/kind=hangup/dt=2026-11-23/segment-1.ndjson" {
		t.Errorf("%q", left)
	}
	if err := a.Tend(t.Context()); err != nil || len(a.unfinished) != 0 {
		t.Errorf("%q, %v", a.left(), err)
	}
}
