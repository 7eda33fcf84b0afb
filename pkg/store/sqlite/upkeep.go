package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Check has SQLite look through the whole file, and tells what is wrong with it.
func (t *Table) Check(ctx context.Context) error {
	var found string
	if err := t.readers.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return fmt.Errorf("check the file: %w", cause(ctx, err))
	}
	if found != "ok" {
		return errors.New(found)
	}
	return nil
}

// Scrub leaves nothing in the file, nor beside it, of a text that was deleted or replaced. What
// is deleted is overwritten at once, so that the file is mostly only read. Where it has the text
// all the same, in a page that was divided or of a file of long ago, it is written again: that
// needs as much free disk space as it takes. Writes fail meanwhile where that takes long. One call
// at a time.
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

// truncateLog moves all that stands in the log beside the file into it.
func (t *Table) truncateLog(ctx context.Context) error {
	err := t.writer.alone(ctx, func() error {
		var busy, pages, moved int
		err := t.writer.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
		if err == nil && busy != 0 {
			return errors.New("another program reads it")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("scrub the log beside the file: %w", cause(ctx, err))
	}
	return nil
}

// What is read of a file at once, and how much of it is looked at again with what follows.
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
