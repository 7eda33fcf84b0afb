package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"trunkline/pkg/store"
)

// Table is a store.Table in a SQLite file.
type Table struct {
	readers *sql.DB
	writer  *writer // nil where the file is open for reading
}

// schemaVersion is that of the file's user_version. A later one is not to be touched.
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

// ErrNewer is returned by Open for a file that a later version of Trunkline has written.
var ErrNewer = errors.New("was written by a newer version of Trunkline")

// Open opens the file at path for reading and writing, and makes it where it is missing.
// One program at a time may do so.
func Open(ctx context.Context, path string) (*Table, error) {
	writing, err := open(ctx, path, "rwc")
	if err != nil {
		return nil, err
	}
	writing.SetMaxOpenConns(1)
	if _, err := writing.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writing.Close())
	}
	readers, err := open(ctx, path, "ro")
	if err != nil {
		return nil, errors.Join(err, writing.Close())
	}
	return &Table{readers, startWriter(writing)}, nil
}

// OpenReadOnly opens the file at path for reading, also while another program writes it.
// Writes to the Table are errors. A file that is missing is an fs.ErrNotExist.
func OpenReadOnly(ctx context.Context, path string) (*Table, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	readers, err := open(ctx, path, "ro")
	if err != nil {
		return nil, err
	}
	return &Table{readers: readers}, nil
}

func open(ctx context.Context, path, mode string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := url.URL{Scheme: "file", Path: absolute, RawQuery: url.Values{
		"mode":    {mode},
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}.Encode()}
	if mode == "ro" {
		name.RawQuery = url.Values{"mode": {mode}, "_pragma": {"busy_timeout(10000)", "query_only(1)"}}.Encode()
	}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	var version int
	if err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err == nil && version > schemaVersion {
		err = fmt.Errorf("it %w (schema %d, this one knows %d)", ErrNewer, version, schemaVersion)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return db, nil
}

// Close waits for the writes under way and closes the file.
func (t *Table) Close() error {
	if t.writer == nil {
		return t.readers.Close()
	}
	return errors.Join(t.readers.Close(), t.writer.close())
}

// Get implements store.Table.
func (t *Table) Get(ctx context.Context, key store.Key) (store.Item, error) {
	if err := key.Check(); err != nil {
		return store.Item{}, err
	}
	row := t.readers.QueryRowContext(ctx, "SELECT sk, version, expires, doc FROM items WHERE pk = ? AND sk = ?", []byte(key.PK), []byte(key.SK))
	item, err := scan(key.PK, row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Item{}, store.ErrNotFound
	}
	if err != nil {
		return store.Item{}, fmt.Errorf("get item: %w", canceled(ctx, err))
	}
	return item, nil
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
	pk, sk, version := []byte(item.PK), []byte(item.SK), []byte(item.Version)
	if cond.Op == store.OpUnchanged {
		return t.conditional(ctx, `UPDATE items SET version = ?, expires = ?, doc = ?
			WHERE pk = ? AND sk = ? AND version IN (?, ?)`, version, expires, item.Doc, pk, sk, version, []byte(cond.Version))
	}
	replace, ok := replaceWhere[cond.Op]
	if !ok {
		return fmt.Errorf("put item: there is no condition %d", cond.Op)
	}
	return t.conditional(ctx, `INSERT INTO items (pk, sk, version, expires, doc) VALUES (?, ?, ?, ?, ?) ON CONFLICT (pk, sk)
		DO UPDATE SET version = excluded.version, expires = excluded.expires, doc = excluded.doc WHERE `+replace,
		pk, sk, version, expires, item.Doc)
}

// replaceWhere says when an item replaces the one at its key. The same version already
// there is success under any condition.
var replaceWhere = map[store.Op]string{
	store.OpAlways: "TRUE",
	store.OpNewer:  "excluded.version >= version",
	store.OpOlder:  "excluded.version <= version",
	store.OpAbsent: "excluded.version = version",
}

// conditional runs a statement that changes one item, or none where a condition fails.
func (t *Table) conditional(ctx context.Context, statement string, args ...any) error {
	rows, err := t.write(ctx, statement, args...)
	if err == nil && rows == 0 {
		return store.ErrCondition
	}
	return err
}

func (t *Table) write(ctx context.Context, statement string, args ...any) (rows int64, err error) {
	if t.writer == nil {
		return 0, errors.New("write item: the file is open for reading only")
	}
	rows, err = t.writer.do(ctx, statement, args...)
	if err != nil {
		return 0, fmt.Errorf("write item: %w", err)
	}
	return rows, nil
}

// Delete implements store.Table.
func (t *Table) Delete(ctx context.Context, key store.Key, cond store.Condition) error {
	if err := key.Check(); err != nil {
		return err
	}
	const statement = "DELETE FROM items WHERE pk = ? AND sk = ?"
	switch cond.Op {
	case store.OpAlways:
		_, err := t.write(ctx, statement, []byte(key.PK), []byte(key.SK))
		return err
	case store.OpUnchanged:
		return t.deleteVersion(ctx, key, cond.Version, statement+" AND version = ?")
	}
	return fmt.Errorf("delete item: a deletion has no condition %d", cond.Op)
}

// deleteVersion deletes the item where it has the version. Where nothing was deleted, a
// read tells whether there was nothing, or another version; it may also tell that the
// version has come just now.
func (t *Table) deleteVersion(ctx context.Context, key store.Key, version, statement string) error {
	for {
		rows, err := t.write(ctx, statement, []byte(key.PK), []byte(key.SK), []byte(version))
		if err != nil || rows > 0 {
			return err
		}
		switch item, err := t.Get(ctx, key); {
		case errors.Is(err, store.ErrNotFound):
			return nil
		case err != nil:
			return err
		case item.Version != version:
			return store.ErrCondition
		}
	}
}

// pageSize is how many items are read at a time.
const pageSize = 200

// Query implements store.Table. Between two pages no rows are open, so that the loop's
// body may write.
func (t *Table) Query(ctx context.Context, r store.Range) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for left := r.Limit; ; {
			want := pageSize
			if r.Limit > 0 {
				want = min(left, pageSize)
			}
			page, err := t.page(ctx, r, want)
			if err != nil {
				yield(store.Item{}, fmt.Errorf("query items: %w", canceled(ctx, err)))
				return
			}
			for _, item := range page {
				if !yield(item, nil) {
					return
				}
			}
			if left -= len(page); len(page) < want || left == 0 {
				return
			}
			r = r.After(page[len(page)-1].SK)
		}
	}
}

func (t *Table) page(ctx context.Context, r store.Range, limit int) ([]store.Item, error) {
	var b strings.Builder
	args := []any{[]byte(r.PK), []byte(r.From)}
	b.WriteString("SELECT sk, version, expires, doc FROM items WHERE pk = ? AND sk >= ?")
	if r.To != "" {
		b.WriteString(" AND sk < ?")
		args = append(args, []byte(r.To))
	}
	b.WriteString(" ORDER BY sk")
	if r.Reverse {
		b.WriteString(" DESC")
	}
	b.WriteString(" LIMIT ?")
	rows, err := t.readers.QueryContext(ctx, b.String(), append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []store.Item
	for rows.Next() {
		item, err := scan(r.PK, rows.Scan)
		if err != nil {
			return nil, err
		}
		page = append(page, item)
	}
	return page, rows.Err()
}

func scan(pk string, into func(...any) error) (store.Item, error) {
	var sk, version []byte
	var expires int64
	item := store.Item{}
	if err := into(&sk, &version, &expires, &item.Doc); err != nil {
		return store.Item{}, err
	}
	item.Key, item.Version = store.Key{PK: pk, SK: string(sk)}, string(version)
	if expires != 0 {
		item.Expires = time.Unix(expires, 0).UTC()
	}
	return item, nil
}

// sweepStep is how many expired items are dropped in one transaction.
const sweepStep = 1000

// Sweep drops the items that had expired by now, and tells how many there were.
func (t *Table) Sweep(ctx context.Context, now time.Time) (dropped int, err error) {
	const step = `DELETE FROM items WHERE (pk, sk) IN
		(SELECT pk, sk FROM items WHERE expires > 0 AND expires <= ? LIMIT ?)`
	for {
		rows, err := t.write(ctx, step, now.Unix(), sweepStep)
		dropped += int(rows)
		if err != nil || rows < sweepStep {
			return dropped, err
		}
	}
}

// canceled gives err the context's error, which the driver may have hidden.
func canceled(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return errors.Join(ctx.Err(), err)
	}
	return err
}
