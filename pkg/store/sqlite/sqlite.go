package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"trunkline/pkg/store"
)

// Table is a store.Table in a SQLite file.
type Table struct {
	readers *statements
	writer  *writer // nil if the file is open for reading
	path    string  // of a file that is open for writing
	folder  string  // of a copy, which Close removes; empty if there is no copy
	// scanned is the file as Scrub reads it; nil before the first Scrub. It stays open as long as
	// SQLite has the file open: closing it would release all locks of this process on the file.
	scanned *os.File
}

// Close waits for running writes, and closes the file.
func (t *Table) Close() error {
	err := t.readers.db.Close()
	if t.writer != nil {
		err = errors.Join(err, t.writer.close())
	}
	if t.scanned != nil {
		err = errors.Join(err, t.scanned.Close())
	}
	if t.folder != "" {
		err = errors.Join(err, os.RemoveAll(t.folder))
	}
	return err
}

// Get implements store.Table.
func (t *Table) Get(ctx context.Context, key store.Key) (store.Item, error) {
	if err := key.Check(); err != nil {
		return store.Item{}, err
	}
	get, err := t.readers.statement(ctx, "SELECT sk, version, expires, doc FROM items WHERE pk = ? AND sk = ?")
	if err != nil {
		return store.Item{}, fmt.Errorf("get item: %w", cause(ctx, err))
	}
	item, err := scan(key.PK, get.QueryRowContext(ctx, []byte(key.PK), []byte(key.SK)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Item{}, store.ErrNotFound
	}
	if err != nil {
		return store.Item{}, fmt.Errorf("get item: %w", cause(ctx, err))
	}
	return item, nil
}

// GetMany implements store.Table.
func (t *Table) GetMany(ctx context.Context, keys ...store.Key) (found []store.Item, err error) {
	if err := store.CheckKeys(keys); err != nil {
		return nil, err
	}
	for _, key := range keys {
		item, err := t.Get(ctx, key)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, item)
	}
	return found, nil
}

// Put implements store.Table.
func (t *Table) Put(ctx context.Context, item store.Item, cond store.Condition) error {
	if err := item.Check(); err != nil {
		return err
	}
	expires := int64(0)
	if !item.Expires.IsZero() {
		expires = item.Expires.Unix()
	}
	statement, err := putStatement(cond.Op)
	if err != nil {
		return fmt.Errorf("put item: %w", err)
	}
	rows, err := t.write(ctx, statement,
		sql.Named("pk", []byte(item.PK)), sql.Named("sk", []byte(item.SK)),
		sql.Named("version", []byte(item.Version)), sql.Named("expires", expires), sql.Named("doc", item.Doc),
		sql.Named("read", []byte(cond.Version)))
	if err != nil {
		return fmt.Errorf("put item: %w", err)
	}
	if rows == 0 {
		return store.ErrCondition
	}
	return nil
}

// putStatement returns the statement that writes an item if a condition holds. If the same version is
// stored already, it writes under any condition.
func putStatement(op store.Op) (string, error) {
	const insert = `INSERT INTO items (pk, sk, version, expires, doc) VALUES (:pk, :sk, :version, :expires, :doc)
		ON CONFLICT (pk, sk) DO UPDATE SET version = :version, expires = :expires, doc = :doc`
	switch op {
	case store.OpAlways:
		return insert, nil
	case store.OpNewer:
		return insert + " WHERE version <= :version", nil
	case store.OpOlder:
		return insert + " WHERE version >= :version", nil
	case store.OpAbsent:
		return insert + " WHERE version = :version", nil
	case store.OpUnchanged:
		return `UPDATE items SET version = :version, expires = :expires, doc = :doc
			WHERE pk = :pk AND sk = :sk AND version IN (:version, :read)`, nil
	}
	return "", fmt.Errorf("there is no condition %d", op)
}

// Delete implements store.Table.
func (t *Table) Delete(ctx context.Context, key store.Key, cond store.Condition) error {
	if err := key.Check(); err != nil {
		return err
	}
	switch cond.Op {
	case store.OpAlways:
		const statement = "DELETE FROM items WHERE pk = ? AND sk = ?"
		if _, err := t.write(ctx, statement, []byte(key.PK), []byte(key.SK)); err != nil {
			return fmt.Errorf("delete item: %w", err)
		}
		return nil
	case store.OpUnchanged:
		return t.deleteVersion(ctx, key, cond.Version)
	}
	return fmt.Errorf("delete item: a deletion has no condition %d", cond.Op)
}

// deleteVersion deletes the item if it has the version. If nothing was deleted, a read shows whether
// nothing is stored, or another version. If the version was written in between, it tries again.
func (t *Table) deleteVersion(ctx context.Context, key store.Key, version string) error {
	const statement = "DELETE FROM items WHERE pk = ? AND sk = ? AND version = ?"
	for {
		rows, err := t.write(ctx, statement, []byte(key.PK), []byte(key.SK), []byte(version))
		if err != nil {
			return fmt.Errorf("delete item: %w", err)
		}
		if rows > 0 {
			return nil
		}
		switch item, err := t.Get(ctx, key); {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("delete item: %w", err)
		case item.Version != version:
			return store.ErrCondition
		}
	}
}

// write runs a statement, and returns how many items it changed.
func (t *Table) write(ctx context.Context, statement string, args ...any) (rows int64, err error) {
	if t.writer == nil {
		return 0, errors.New("the file is open for reading only")
	}
	return t.writer.do(ctx, statement, args...)
}

// A page of a query ends after this many items, or with the item that reaches this many bytes.
const (
	pageItems = 200
	pageBytes = 1 << 20
)

// Query implements store.Table. No rows stay open between two pages, so that the loop's body may write.
func (t *Table) Query(ctx context.Context, r store.Range) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		r := r // each loop over the result starts from the beginning
		for left := r.Limit; ; {
			page, more, err := t.page(ctx, r)
			if err != nil {
				yield(store.Item{}, fmt.Errorf("query items: %w", cause(ctx, err)))
				return
			}
			for _, item := range page {
				if !yield(item, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if !more {
				return
			}
			r = r.After(page[len(page)-1].SK)
		}
	}
}

// page reads the first items of a range, and reports whether there may be more.
func (t *Table) page(ctx context.Context, r store.Range) (page []store.Item, more bool, err error) {
	query := "SELECT sk, version, expires, doc FROM items WHERE pk = :pk AND sk >= :from"
	if r.To != "" {
		query += " AND sk < :to"
	}
	query += " ORDER BY sk"
	if r.Reverse {
		query += " DESC"
	}
	limit := pageItems
	if r.Limit > 0 {
		limit = min(limit, r.Limit)
	}
	statement, err := t.readers.statement(ctx, query+" LIMIT :limit")
	if err != nil {
		return nil, false, err
	}
	rows, err := statement.QueryContext(ctx,
		sql.Named("pk", []byte(r.PK)), sql.Named("from", []byte(r.From)), sql.Named("to", []byte(r.To)),
		sql.Named("limit", limit))
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for size := 0; size < pageBytes && rows.Next(); {
		item, err := scan(r.PK, rows.Scan)
		if err != nil {
			return nil, false, err
		}
		page, size, more = append(page, item), size+len(item.Doc), size+len(item.Doc) >= pageBytes
	}
	return page, more || len(page) == limit, rows.Err()
}

func scan(pk string, into func(...any) error) (store.Item, error) {
	var expires int64
	item := store.Item{Key: store.Key{PK: pk}}
	if err := into(&item.SK, &item.Version, &expires, &item.Doc); err != nil {
		return store.Item{}, err
	}
	if expires != 0 {
		item.Expires = time.Unix(expires, 0).UTC()
	}
	return item, nil
}

// sweepStep is how many expired items one statement deletes.
const sweepStep = 1000

// Sweep deletes the items that have expired by now, and returns how many there were.
func (t *Table) Sweep(ctx context.Context, now time.Time) (dropped int, err error) {
	const step = `DELETE FROM items WHERE (pk, sk) IN
		(SELECT pk, sk FROM items WHERE expires > 0 AND expires <= ? LIMIT ?)`
	for {
		rows, err := t.write(ctx, step, now.Unix(), sweepStep)
		dropped += int(rows)
		if err != nil {
			return dropped, fmt.Errorf("delete expired items: %w", err)
		}
		if rows < sweepStep {
			return dropped, nil
		}
	}
}

// cause returns the context's error if the context has ended, since the driver may hide it.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
