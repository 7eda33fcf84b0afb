package main

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the database
)

//go:embed sql
var scripts embed.FS

// order is the order in which the scripts build on each other.
var order = []string{"current", "calls", "figures", "queue", "pbx", "sessions", "agent", "intervals"}

// row is a row of a table, by its columns.
type row map[string]any

// rows are a table's rows by their keys.
type rows map[string]row

// open opens an empty database in memory. It must be closed.
func open(ctx context.Context) (*sql.DB, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	db.SetMaxOpenConns(1) // variables belong to a connection
	return db, db.PingContext(ctx)
}

// compute makes the tables of figures from the archive whose raw/ is in a folder. settings is a
// file, or empty.
func compute(ctx context.Context, db *sql.DB, raw, settings string) error {
	if err := someEnvelope(raw); err != nil {
		return err
	}
	if err := readSettings(ctx, db, settings); err != nil {
		return err
	}
	steps := []string{"set variable raw = " + quote(raw)}
	for _, name := range order {
		script, err := scripts.ReadFile("sql/" + name + ".sql")
		if err != nil {
			return err
		}
		steps = append(steps, string(script))
	}
	return execute(ctx, db, steps...)
}

// readSettings makes the tables of the PBXs' settings, and of the zones' periods.
func readSettings(ctx context.Context, db *sql.DB, settings string) error {
	steps := []string{
		"create table settings (mac varchar primary key, t bigint, s bigint, talk_includes_hold boolean, zone varchar)",
		"create table period (zone varchar, from_at bigint, to_at bigint, ahead bigint)",
	}
	if settings != "" {
		steps = append(steps, "insert into settings by name select * from read_csv("+quote(settings)+
			", header = true, types = {'mac': 'varchar', 't': 'bigint', 's': 'bigint', 'talk_includes_hold': 'boolean', 'zone': 'varchar'})")
	}
	if err := execute(ctx, db, steps...); err != nil {
		return err
	}
	zones, err := read(ctx, db, "select zone from settings where zone is not null union select 'UTC'", []string{"zone"})
	if err != nil {
		return err
	}
	for name := range zones {
		periods, err := periodsOf(name)
		if err != nil {
			return err
		}
		if err := execute(ctx, db, insertPeriods(name, periods)); err != nil {
			return err
		}
	}
	return nil
}

func execute(ctx context.Context, db *sql.DB, steps ...string) error {
	for _, step := range steps {
		if _, err := db.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("compute: %.60q: %w", step, err)
		}
	}
	return nil
}

// someEnvelope returns an error if the archive is empty.
func someEnvelope(raw string) error {
	found := errors.New("found")
	err := filepath.WalkDir(raw, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			return found
		}
		return err
	})
	switch {
	case errors.Is(err, found):
		return nil
	case err != nil:
		return fmt.Errorf("read the archive: %w", err)
	}
	return fmt.Errorf("%s has no envelopes", raw)
}

// read reads the rows of a query. The values of the key's columns name a row.
func read(ctx context.Context, db *sql.DB, query string, key []string) (rows, error) {
	result, err := db.QueryContext(ctx, "select to_json(q)::varchar from ("+query+") q")
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", query, err)
	}
	defer result.Close()
	all := rows{}
	for result.Next() {
		var text string
		if err := result.Scan(&text); err != nil {
			return nil, fmt.Errorf("read %s: %w", query, err)
		}
		r, err := parseRow([]byte(text))
		if err != nil {
			return nil, err
		}
		name := r.name(key)
		if all[name] != nil {
			return nil, fmt.Errorf("%s: two rows of %s", query, name)
		}
		all[name] = r
	}
	return all, result.Err()
}

// parseRow reads a row, and keeps numbers as they are written.
func parseRow(text []byte) (row, error) {
	var r row
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&r); err != nil {
		return nil, fmt.Errorf("read a row: %w", err)
	}
	return r, nil
}

// name joins the values of a row's key.
func (r row) name(key []string) string {
	var parts []string
	for _, column := range key {
		parts = append(parts, fmt.Sprint(r[column]))
	}
	return strings.Join(parts, " ")
}

// quote makes a text into an SQL literal.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
