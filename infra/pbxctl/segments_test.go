package main

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/local"
)

// segmentsOf returns the segments of a data folder, compressed or not.
func segmentsOf(t *testing.T, data string) (all []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(local.ArchivePath(data), "raw/*/*/segment-*"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestARunningServerErasesFromTheSegmentThatItAppendsTo erases a number between events of one kind.
func TestARunningServerErasesFromTheSegmentThatItAppendsTo(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	post := func(uuid, caller string) {
		t.Helper()
		body := "{event:'cc_cdr', uuid:'" + uuid + "', startTime:'2026-11-23 11:30:00', caller:'" + caller + "'}"
		response, err := http.Post(s.base+ownPath(t), "", strings.NewReader(body))
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%+v, %v", response, err)
		}
		response.Body.Close()
	}
	post("1795404600.1", "+4915112345678")
	post("1795404600.2", "5550123")
	if all := segmentsOf(t, s.data); len(all) != 1 || !strings.HasSuffix(all[0], ".ndjson") {
		t.Fatalf("before: %q", all)
	}
	if got := run(t, fleetKeys, "erase", "--number", "+4915112345678", "--yes", "--data", s.data); got.code != 0 || !strings.Contains(got.out, "erased") {
		t.Fatalf("%+v", got)
	}
	post("1795404600.3", "5550124")
	all := segmentsOf(t, s.data)
	if len(all) != 2 || strings.HasSuffix(all[0], ".gz") == strings.HasSuffix(all[1], ".gz") {
		t.Errorf("one segment was finished and erased from, and one is open: %q", all)
	}
	bucket, err := local.OpenArchive(s.data)
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	receipts := archivetest.Receipts(t, bucket, archive.RawPrefix)
	for _, r := range receipts {
		if strings.Contains(string(r.Body), "12345678") {
			t.Errorf("the archive has %s", r.Body)
		}
	}
	if len(receipts) != 3 {
		t.Errorf("%d events are archived", len(receipts))
	}
	s.stop(t)
	if found := filesWith(t, s.data, "4915112345678"); len(found) > 0 {
		t.Errorf("the number is in %q", found)
	}
}

// TestAFolderOfThePreviousVersionIsReadReplayedCompactedAndErased begins with an archive that the version
// before segments wrote.
func TestAFolderOfThePreviousVersionIsReadReplayedCompactedAndErased(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	previous := archivetest.Previous(t)
	files, err := dir.Open(local.ArchivePath(data))
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range previous.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		object, err := previous.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := files.Put(t.Context(), name, object); err != nil {
			t.Fatal(err)
		}
	}
	want := len(archivetest.Receipts(t, files, archive.RawPrefix))
	if err := files.Close(); err != nil || want == 0 {
		t.Fatalf("%d events, %v", want, err)
	}
	s := serve(t, data)
	first, last := archivetest.PreviousDays()
	days := first.String() + ".." + last.String()
	if got := run(t, fleetKeys, "replay", "--day", days, "--data", data, "--into", data); got.code != 0 {
		t.Errorf("%+v", got)
	}
	if got := run(t, fleetKeys, "erase", "--number", "+491511234567", "--yes", "--data", data); got.code != 0 || !strings.Contains(got.out, "erased") {
		t.Errorf("%+v", got)
	}
	single := func(name string) bool { form, _ := archive.FormOf(name); return form != archive.Packed }
	for end := time.Now().Add(20 * time.Second); slices.ContainsFunc(names(t, data, "raw/"), single); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the hourly run has not packed %q", names(t, data, "raw/"))
		}
	}
	s.stop(t)
	after, err := local.OpenArchive(data)
	if err != nil {
		t.Fatal(err)
	}
	defer after.Close()
	receipts := archivetest.Receipts(t, after, archive.RawPrefix)
	if len(receipts) != want {
		t.Errorf("%d of %d events are there", len(receipts), want)
	}
	for _, r := range receipts {
		if strings.Contains(string(r.Body), "1511234567") {
			t.Errorf("the archive has %s", r.Body)
		}
	}
	if got := run(t, fleetKeys, "calls", "68692e0b0001", "--data", data, "--json"); got.code != 0 || !strings.Contains(got.out, "1795161600.1") {
		t.Errorf("what was replayed: %+v", got)
	}
}
