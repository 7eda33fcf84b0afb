package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"syscall"

	"trunkline/pkg/archive"
)

// errLink says that an object or folder is a link. Neither readers nor writers follow
// links. A folder that is written through a link, but not listed through it, would be missed by
// replays, compaction and erasures.
var errLink = errors.New("it is a link, which is not followed")

// foldersAround is how many folders deep a day's objects are: raw/kind=…/dt=….
const foldersAround = 3

// CheckLinks returns an error that names the first link among the folders of objects. Open refuses
// such an archive.
func (b *Bucket) CheckLinks() error { return b.checkLinks(".", foldersAround) }

// checkLinks looks for links among the folders below a folder, down to a number of levels. It does
// not list the objects of days.
func (b *Bucket) checkLinks(folder string, levels int) error {
	all, err := fs.ReadDir(b.root.FS(), folder)
	if err != nil && folder != "." {
		return nil // List names it
	}
	for _, e := range all {
		name := path.Join(folder, e.Name())
		if archive.CheckName(name) == nil && e.Type()&fs.ModeSymlink != 0 {
			return fmt.Errorf("%s is a link, which is not followed: put its target in its place, or mount that there (`mount --bind`); "+
				"the archive's own folder may be a link", name)
		}
		if e.IsDir() && levels > 1 {
			if err := b.checkLinks(name, levels-1); err != nil {
				return err
			}
		}
	}
	return err
}

// checkFolders returns an error if a parent of an object is a link.
func (b *Bucket) checkFolders(name string) error {
	for i, c := range name {
		if c != '/' {
			continue
		}
		info, err := b.root.Lstat(name[:i])
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return fmt.Errorf("%s: %w", name[:i], errLink)
		}
		if !info.IsDir() {
			return syscall.ENOTDIR
		}
	}
	return nil
}

// checkObject returns an error if the name is not that of a regular file. Opening a FIFO could wait
// forever, and opening a device may have an effect.
func (b *Bucket) checkObject(name string) error {
	if err := b.checkFolders(name); err != nil {
		return err
	}
	info, err := b.root.Lstat(name)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return syscall.EISDIR
	}
	return isObject(info.Mode())
}

// isObject returns an error unless the mode is that of a regular file.
func isObject(mode fs.FileMode) error {
	switch {
	case mode&fs.ModeSymlink != 0:
		return errLink
	case !mode.IsRegular():
		return fmt.Errorf("it is not a file, but %s", kindOf(mode))
	}
	return nil
}

func kindOf(mode fs.FileMode) string {
	kind := "something else"
	switch {
	case mode&fs.ModeNamedPipe != 0:
		kind = "a FIFO"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	}
	return kind
}
