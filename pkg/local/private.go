package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// othersMay has the permissions of users other than the owner.
const othersMay = 0o077

// own are our files at the top of a data folder.
var own = [...]string{"records.db", "records.db-wal", "records.db-shm", "archive", "fleet-keys", "fleet-keys.lock", "fleet-keys.new", "lock", "lock.serve"}

// makePrivate makes a data folder, and our files at its top, usable by the owner alone. It
// returns what others could use before.
func makePrivate(path string) (opened []string, err error) {
	for _, name := range append([]string{"."}, own[:]...) {
		file := filepath.Join(path, name)
		wasOpen, err := makeFilePrivate(file)
		if wasOpen {
			opened = append(opened, file)
		}
		if err != nil {
			return opened, fmt.Errorf("have the data folder be for its owner alone: %w", err)
		}
	}
	return opened, nil
}

// makeFilePrivate makes one file or folder usable by the owner alone. It may be missing.
func makeFilePrivate(file string) (wasOpen bool, err error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !info.IsDir() && !info.Mode().IsRegular():
		return false, fmt.Errorf("%s is not a regular file", file)
	case info.Mode()&othersMay == 0:
		return false, nil
	}
	return true, os.Chmod(file, info.Mode().Perm()&^othersMay)
}

// Stray is a file of a data folder that its owner can't use, or that others can use.
type Stray struct {
	Path string
	Why  string
}

// Strays finds files of the data folder at path that belong to another user, or that others may
// use. It checks every file, and returns at most atMost.
func Strays(path string, atMost int) (found []Stray, err error) {
	o, err := ownerOf(path)
	if err != nil {
		return nil, err
	}
	look := func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			found = append(found, Stray{file, err.Error()})
		} else if info, infoErr := e.Info(); infoErr == nil {
			found = append(found, strayIn(file, info, o)...)
		}
		if len(found) >= atMost {
			return fs.SkipAll
		}
		if err != nil && e != nil && e.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	for _, folder := range []string{path, ArchivePath(path)} {
		target, linkErr := filepath.EvalSymlinks(folder)
		if linkErr != nil || len(found) >= atMost || folder != path && !isLink(folder) {
			continue
		}
		if err := filepath.WalkDir(target, look); err != nil {
			return found, err
		}
	}
	return found, nil
}

func isLink(file string) bool {
	info, err := os.Lstat(file)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

func strayIn(file string, info fs.FileInfo, o owner) []Stray {
	if is := ownerIn(info); is.uid != o.uid {
		return []Stray{{file, fmt.Sprintf("belongs to %s, and the folder to %s", is, o)}}
	}
	if info.Mode()&fs.ModeSymlink == 0 && info.Mode()&othersMay != 0 {
		return []Stray{{file, "is open to other users"}}
	}
	return nil
}
