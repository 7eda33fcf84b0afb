package hostile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// folder is where a server keeps everything. It is read while the server runs.
type folder struct {
	path    string
	records *store.Store
}

func readFolder(t *testing.T, path string) *folder {
	t.Helper()
	table, err := local.OpenRecords(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	return &folder{path, store.New(table, time.Now)}
}

// archived are the names of what is kept of a PBX, or by any other part of a name. An event in a segment
// has the name that it would have as an object of its own.
func (f *folder) archived(t *testing.T, mac pbx.MAC) (names []string) {
	t.Helper()
	bucket, err := local.OpenArchive(f.path)
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	for _, r := range archivetest.Receipts(t, bucket, archive.RawPrefix) {
		if strings.Contains(r.Name(), string(mac)) {
			names = append(names, r.Name())
		}
	}
	root := filepath.Join(f.path, "archive")
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, root+"/")
		if err == nil && !entry.IsDir() && strings.Contains(name, string(mac)) && !strings.HasPrefix(name, "curated/") && !strings.HasPrefix(name, archive.RawPrefix) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// kept is what the server has of a PBX that made one attempt.
func (f *folder) kept(t *testing.T, mac pbx.MAC) Kept {
	t.Helper()
	refused := 0
	for _, name := range f.archived(t, mac) {
		if !strings.HasPrefix(name, archive.RawPrefix) {
			refused++
		}
	}
	events, records := f.events(t, mac), f.recorded(t, mac)
	switch {
	case refused == 0 && events == 0 && records == 0:
		return Nothing
	case refused == 1 && events == 0 && records == 0:
		return Quarantine
	case refused == 0 && events == 1 && records == 0:
		return Archive
	case refused == 0 && events == records:
		return Both
	default:
		return Kept(fmt.Sprintf("%d refused, %d archived, %d recorded", refused, events, records))
	}
}

// events is how many events of a PBX are in raw/.
func (f *folder) events(t *testing.T, mac pbx.MAC) (n int) {
	t.Helper()
	root := filepath.Join(f.path, "archive", archive.RawPrefix)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing was archived
		}
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		n += bytes.Count(text, []byte(`"mac":"`+mac+`"`))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// recorded is how many records there are of a PBX.
func (f *folder) recorded(t *testing.T, mac pbx.MAC) int {
	t.Helper()
	return strings.Count(string(ingesttest.Records(t, f.records, mac)), "\n")
}
