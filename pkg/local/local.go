package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"trunkline/pkg/archive/dir"
	"trunkline/pkg/archive/segments"
	"trunkline/pkg/store/sqlite"
)

// Dir is a data folder that is open for writing. No other program can open it for writing until
// it is closed.
type Dir struct {
	Table  *sqlite.Table
	Bucket *segments.Archive
	New    bool     // the folder was missing before
	Opened []string // paths that other users could use before; not any more
	path   string
	files  *dir.Bucket // of the archive
	lock   *flock.Flock
	serves *flock.Flock // held by a server; a command uses it to see whether a server starts
}

// Open opens the data folder at path for one command, and makes it if it is missing. From then on
// only its owner can use it. While a server runs or starts, the error is ErrInUse.
func Open(ctx context.Context, path string) (*Dir, error) {
	return open(ctx, path, (*Dir).lockForCommand)
}

// open opens a data folder after lock has locked it.
func open(ctx context.Context, path string, lock func(*Dir, context.Context) error) (*Dir, error) {
	_, err := os.Stat(recordsPath(path))
	d := &Dir{
		New: errors.Is(err, fs.ErrNotExist), path: path,
		lock: flock.New(filepath.Join(path, "lock")), serves: flock.New(filepath.Join(path, "lock.serve")),
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if d.Opened, err = makePrivate(path); err != nil {
		return nil, err
	}
	if err := lock(d, ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), d.unlock())
	}
	if d.Table, err = sqlite.Open(ctx, recordsPath(path)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if d.files, err = dir.Open(ArchivePath(path)); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if d.Bucket, err = segments.Open(ctx, d.files); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Close releases the folder. What was written is on disk already.
func (d *Dir) Close() error {
	var errs []error
	if d.Bucket != nil {
		errs = append(errs, d.Bucket.Close())
	}
	if d.files != nil {
		errs = append(errs, d.files.Close())
	}
	if d.Table != nil {
		errs = append(errs, d.Table.Close())
	}
	return errors.Join(append(errs, d.unlock())...)
}

// OpenTable opens the records of the data folder at path for single writes, even while another
// program writes them.
func OpenTable(ctx context.Context, path string) (*sqlite.Table, error) {
	if err := checkRecords(path); err != nil {
		return nil, err
	}
	return sqlite.Open(ctx, recordsPath(path))
}

// OpenRecords opens the records of the data folder at path for reading, even while another
// program writes them.
func OpenRecords(ctx context.Context, path string) (*sqlite.Table, error) {
	if err := checkRecords(path); err != nil {
		return nil, err
	}
	t, err := sqlite.OpenReadOnly(ctx, recordsPath(path))
	if err != nil {
		return nil, noData(path, err)
	}
	return t, nil
}

// OpenArchive opens the archive of the data folder at path for reading, even while another
// program writes it.
func OpenArchive(path string) (*dir.Bucket, error) {
	b, err := dir.OpenReadOnly(ArchivePath(path))
	if err != nil {
		return nil, noData(path, err)
	}
	return b, nil
}

// checkRecords returns an error if the records at path can't be opened. Opening a FIFO would
// never end.
func checkRecords(path string) error {
	switch info, err := os.Stat(recordsPath(path)); {
	case err != nil:
		return noData(path, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file: restore the records", recordsPath(path))
	}
	return nil
}

func noData(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return noFolder(path)
	}
	return err
}

// noFolder is a path that is not a data folder. It is an error.
type noFolder string

func (path noFolder) Error() string {
	return fmt.Sprintf("%s is not a data folder: `pbxctl serve --data %s` makes one", string(path), string(path))
}

func (noFolder) Is(target error) bool { return target == os.ErrNotExist }

func recordsPath(path string) string { return filepath.Join(path, "records.db") }

// ArchivePath returns the path of the archive of the data folder at path.
func ArchivePath(path string) string { return filepath.Join(path, "archive") }
