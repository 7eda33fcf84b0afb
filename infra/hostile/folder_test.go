package hostile

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

// archived are the names of what was received, of a PBX, or by any other part of a name.
func (f *folder) archived(t *testing.T, mac pbx.MAC) (names []string) {
	t.Helper()
	root := filepath.Join(f.path, "archive")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, root+"/")
		if err == nil && !entry.IsDir() && strings.Contains(name, string(mac)) && !strings.HasPrefix(name, "curated/") {
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
	var folders []string
	for _, name := range f.archived(t, mac) {
		folder, _, _ := strings.Cut(name, "/")
		folders = append(folders, folder)
	}
	records := f.recorded(t, mac)
	switch got := fmt.Sprint(folders, records); got {
	case "[] 0":
		return Nothing
	case "[quarantine] 0":
		return Quarantine
	case "[raw] 0":
		return Archive
	case fmt.Sprint(slices.Repeat([]string{"raw"}, max(records, 1)), records):
		return Both
	default:
		return Kept(got)
	}
}

// recorded is how many records there are of a PBX.
func (f *folder) recorded(t *testing.T, mac pbx.MAC) int {
	t.Helper()
	return strings.Count(string(ingesttest.Records(t, f.records, mac)), "\n")
}
