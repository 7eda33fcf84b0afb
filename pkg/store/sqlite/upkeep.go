package sqlite

import (
	"context"
	"errors"
	"fmt"
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

// Scrub leaves nothing in the file, nor beside it, of what was deleted or replaced. It needs
// as much free disk space as the file takes.
func (t *Table) Scrub(ctx context.Context) error {
	if _, err := t.writer.db.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("scrub the file: %w", cause(ctx, err))
	}
	var busy, pages, moved int
	err := t.writer.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	if err == nil && busy != 0 {
		err = errors.New("another program reads it")
	}
	if err != nil {
		return fmt.Errorf("scrub the log beside the file: %w", cause(ctx, err))
	}
	return nil
}
