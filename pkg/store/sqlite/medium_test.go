//go:build linux

package sqlite

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"trunkline/pkg/store"
)

// TestAFileIsReadOnAMediumThatCantBeWritten mounts a folder read-only: once after its writer has closed
// the file, and once after the writer's machine has crashed.
func TestAFileIsReadOnAMediumThatCantBeWritten(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount")
	}
	for name, died := range map[string]bool{"closed": false, "died": true} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "records.db")
			writer, err := Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			item := store.Item{Key: store.Key{PK: "p", SK: "s"}, Version: "1", Doc: []byte(`{"a":1}`)}
			if err := writer.Put(t.Context(), item, store.Condition{}); err != nil {
				t.Fatal(err)
			}
			if died { // its log exists, but not the index of it
				left := t.TempDir()
				for _, file := range []string{"records.db", "records.db-wal"} {
					if err := copyFile(filepath.Join(folder, file), filepath.Join(left, file)); err != nil {
						t.Fatal(err)
					}
				}
				folder, path = left, filepath.Join(left, "records.db")
			}
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			readOnly(t, folder)
			table, err := OpenReadOnly(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := table.Get(t.Context(), item.Key)
			if err != nil || string(got.Doc) != string(item.Doc) {
				t.Errorf("%s, %v", got.Doc, err)
			}
			copied := table.folder
			if err := table.Close(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(copied); copied != "" && err == nil {
				t.Errorf("the copy %s is left", copied)
			}
			if (copied != "") != died {
				t.Errorf("copied to %q", copied)
			}
		})
	}
}

// readOnly mounts a folder over itself, read-only, until the test ends.
func readOnly(t *testing.T, folder string) {
	t.Helper()
	if err := syscall.Mount(folder, folder, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("this machine lets nobody mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, 0) })
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}
