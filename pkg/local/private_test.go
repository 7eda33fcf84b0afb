//go:build unix

package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"time"
	"trunkline/pkg/store/sqlite"

	"trunkline/pkg/store"
)

// underUmask makes this process use another umask. Tests with it run one after the other.
func underUmask(t *testing.T, mask int) {
	t.Helper()
	before := syscall.Umask(mask)
	t.Cleanup(func() { syscall.Umask(before) })
}

// fill opens the data folder at path, writes something of each kind, and closes it.
func fill(t *testing.T, path string) *Dir {
	t.Helper()
	data, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	err = store.New(data.Table, time.Now).SetDevice(t.Context(), mac, store.Device{Name: "Reception"})
	_, keysErr := NewKeys(path, nil)
	if errors.Is(keysErr, fs.ErrExist) {
		keysErr = nil
	}
	err = errors.Join(err, data.Bucket.Put(t.Context(), "raw/kind=cdr/x", []byte("x")), keysErr)
	if err != nil {
		t.Fatal(err)
	}
	checkPrivate(t, path) // with SQLite's own files
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	return data
}

func checkPrivate(t *testing.T, path string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(path, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if files++; err == nil && info.Mode()&0o077 != 0 {
			t.Errorf("%s has the mode %s", file, info.Mode())
		}
		return err
	})
	if err != nil || files < 8 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestADataFolderIsItsOwnersAloneWhateverTheUmask(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077} {
		underUmask(t, mask)
		data := fill(t, filepath.Join(t.TempDir(), "made", "here"))
		if len(data.Opened) > 0 || !data.New {
			t.Errorf("%+v", data)
		}
	}
}

// As systemd's StateDirectory= and mkdir make it.
func TestAFolderThatWasThereBeforeIsMadeItsOwnersAlone(t *testing.T) {
	underUmask(t, 0o022)
	path := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if data := fill(t, path); !slices.Equal(data.Opened, []string{path}) || !data.New {
		t.Errorf("%+v", data)
	}
}

// Earlier versions made SQLite's files by the umask.
func TestFilesOfEarlierVersionsAreMadeTheirOwnersAlone(t *testing.T) {
	underUmask(t, 0o022)
	path := filepath.Join(t.TempDir(), "data")
	fill(t, path)
	var want []string
	for _, name := range []string{"records.db", "archive", "fleet-keys", "lock"} {
		want = append(want, filepath.Join(path, name))
		if err := os.Chmod(filepath.Join(path, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if data := fill(t, path); !slices.Equal(data.Opened, want) || data.New {
		t.Errorf("%+v, want %q", data, want)
	}
	checkPrivate(t, path)
}

func TestAFIFOInTheDataFolderIsNotWaitedFor(t *testing.T) {
	for _, name := range own[:] {
		path := t.TempDir()
		if err := syscall.Mkfifo(filepath.Join(path, name), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), name+" is not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadersDoNotWaitForAFIFOInThePlaceOfTheRecords(t *testing.T) {
	path := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(path, "records.db"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func(context.Context, string) (*sqlite.Table, error){"to read": OpenRecords, "to write": OpenTable} {
		if _, err := open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "records.db is not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStraysAreTheFilesThatOthersCanUseOrOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	fill(t, path)
	if found, err := Strays(path, 10); len(found) > 0 || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	object := filepath.Join(path, "archive/raw/kind=cdr/x")
	if err := os.Chmod(object, 0o644); err != nil {
		t.Fatal(err)
	}
	if found, err := Strays(path, 10); len(found) != 1 || found[0].Path != object || found[0].Why != "is open to other users" || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	if err := os.Lchown(object, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if found, err := Strays(path, 10); len(found) != 1 || !strings.Contains(found[0].Why, ", and the folder to root") || err != nil {
		t.Errorf("%v, %v", found, err)
	}
}
