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
