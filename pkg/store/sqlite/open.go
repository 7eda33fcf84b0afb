package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// schemaVersion is the user_version of the file. A file of a later version must not be changed.
const schemaVersion = 1

const schema = `CREATE TABLE IF NOT EXISTS items (
	pk      BLOB NOT NULL,
	sk      BLOB NOT NULL,
	version BLOB NOT NULL,
	expires INTEGER NOT NULL, -- seconds since 1970; 0: never
	doc     BLOB NOT NULL,
	PRIMARY KEY (pk, sk)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_expires ON items (expires) WHERE expires > 0;
PRAGMA user_version = 1;`

// ErrNewer is wrapped by the error for a file that a newer version of Trunkline wrote.
var ErrNewer = errors.New("the file was written by a newer version of Trunkline")

// The settings of connections. They wait for another program's lock, at most this many milliseconds. A
// commit is on disk when it returns. Deleted data is overwritten with zeros.
var (
	toWrite = url.Values{
		"mode":      {"rwc"},
		"_pragma":   {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(1)"},
		"_txlock":   {"immediate"},
		"_error_rc": {"1"},
	}
	toRead = url.Values{
		"mode":      {"ro"},
		"_pragma":   {"busy_timeout(10000)"},
		"_error_rc": {"1"},
	}
	unchanging = url.Values{
		"mode":      {"ro"},
		"immutable": {"1"},
		"_error_rc": {"1"},
	}
)

const readConnections = 8

// Open opens the file at path for reading and writing, and makes it if it is missing. Only one program
// at a time may have it open so.
func Open(ctx context.Context, path string) (*Table, error) {
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	writing, err := open(ctx, path, toWrite, 1)
	if err != nil {
		return nil, err
	}
	if _, err := writing.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writing.Close())
	}
	reading, err := open(ctx, path, toRead, readConnections)
	if err != nil {
		return nil, errors.Join(err, writing.Close())
	}
	return &Table{readers: newStatements(reading), writer: startWriter(writing), path: path}, nil
}

// makePrivate makes the file if it is missing, and lets only its owner use it. It does the same for the
// files beside it, which SQLite makes with the mode and owner of the file. If the file can't be made,
// SQLite reports the error.
func makePrivate(path string) error {
	if f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
			return fmt.Errorf("make %s: %w", path, err)
		}
	}
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		if err != nil || info.Mode()&0o077 == 0 {
			continue
		}
		if err := os.Chmod(file, info.Mode().Perm()&^0o077); err != nil {
			return fmt.Errorf("open %s: %w", path, err)
		}
	}
	return nil
}

// OpenReadOnly opens the file at path for reading. Another program may write it at the same time, and
// its medium may be read-only. Writes to the Table are errors. If the file is missing, the error is an
// fs.ErrNotExist.
func OpenReadOnly(ctx context.Context, path string) (*Table, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open for reading: %w", err)
	}
	reading, err := open(ctx, path, toRead, readConnections)
	if errors.Is(err, syscall.EROFS) {
		return openMedium(ctx, path)
	}
	if err != nil {
		return nil, err
	}
	return &Table{readers: newStatements(reading)}, nil
}

// openMedium opens a file on a read-only medium. If the file's log of writes is not empty, it opens a
// copy, since SQLite must write beside the file to read the log.
func openMedium(ctx context.Context, path string) (*Table, error) {
	log, err := os.Stat(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) || err == nil && log.Size() == 0 {
		reading, err := open(ctx, path, unchanging, readConnections)
		if err != nil {
			return nil, err
		}
		return &Table{readers: newStatements(reading)}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open for reading: %w", err)
	}
	folder, err := os.MkdirTemp("", "trunkline-*")
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", path, err)
	}
	copied := filepath.Join(folder, filepath.Base(path))
	if err := errors.Join(copyFile(path, copied), copyFile(path+"-wal", copied+"-wal")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	reading, err := open(ctx, copied, toRead, readConnections)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return &Table{readers: newStatements(reading), folder: folder}, nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

func open(ctx context.Context, path string, settings url.Values, connections int) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	name := url.URL{Scheme: "file", Path: absolute, RawQuery: settings.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := checkVersion(ctx, db, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func checkVersion(ctx context.Context, db *sql.DB, path string) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("open %s: %w", path, reason(path, err))
	}
	if version > schemaVersion {
		return fmt.Errorf("open %s: %w (schema %d, this version knows %d)", path, ErrNewer, version, schemaVersion)
	}
	return nil
}

// reason returns the operating system's error for a file that SQLite can't open. SQLite's own error
// has no cause.
func reason(path string, err error) error {
	failure, ok := errors.AsType[*driver.Error](err)
	if !ok || failure.Code()&0xff != codes.SQLITE_CANTOPEN {
		return err
	}
	file, openErr := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if pathErr, ok := errors.AsType[*fs.PathError](openErr); ok {
		return fmt.Errorf("unable to open the file: %w", pathErr.Err)
	}
	return cmp.Or(openErr, file.Close(), err)
}
