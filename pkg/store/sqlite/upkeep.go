package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Check lets SQLite check the whole file, and reports what is wrong with it.
func (t *Table) Check(ctx context.Context) error {
	var found string
	if err := t.readers.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return fmt.Errorf("check the file: %w", cause(ctx, err))
	}
	if found != "ok" {
		return errors.New(found)
	}
	return nil
}

// Scrub makes sure that a deleted or replaced text is neither in the file nor beside it. has reports
// whether some bytes have the text. Deleted data is overwritten at once, so usually Scrub only reads.
//
// The text may remain in a page that was split, or in an old file. Then Scrub rewrites the file, which
// needs free disk space of its size. If that takes long, writes fail meanwhile. Only one call at a time
// is allowed.
func (t *Table) Scrub(ctx context.Context, has func(text []byte) bool) error {
	if err := t.truncateLog(ctx); err != nil {
		return err
	}
	var err error
	if t.scanned == nil {
		if t.scanned, err = os.Open(t.path); err != nil {
			return fmt.Errorf("scrub the file: %w", err)
		}
	}
	found, err := fileHas(ctx, t.scanned, has)
	if err != nil {
		return fmt.Errorf("scrub the file: %w", err)
	}
	if !found {
		return nil
	}
	err = t.writer.alone(ctx, func() error {
		_, err := t.writer.db.ExecContext(ctx, "VACUUM")
		return err
	})
	if err != nil {
		return fmt.Errorf("scrub the file: %w", cause(ctx, err))
	}
	return t.truncateLog(ctx)
}

// truncateLog moves the contents of the log into the file.
func (t *Table) truncateLog(ctx context.Context) error {
	err := t.writer.alone(ctx, func() error {
		var busy, pages, moved int
		err := t.writer.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
		if err == nil && busy != 0 {
			return errors.New("another program is reading it: end that program and try again")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("scrub the log beside the file: %w", cause(ctx, err))
	}
	return nil
}

// How much of a file is read at once, and how much of it is searched again with the next chunk.
const (
	chunkBytes   = 256 << 10
	overlapBytes = 1 << 10
)

// fileHas reports whether a file has a text of less than overlapBytes.
func fileHas(ctx context.Context, f io.ReaderAt, has func(text []byte) bool) (bool, error) {
	chunk := make([]byte, chunkBytes)
	for at := int64(0); ; at += chunkBytes - overlapBytes {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n, err := f.ReadAt(chunk, at)
		if has(chunk[:n]) {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
}
