// Replay is a part of the benchmarks. It replays an archive of call records into SQLite, and inserts
// the same rows with a prepared statement, which is the least that a replay can cost. It is a process
// of its own, on one thread.
//
//	replay prepare DIR   writes DIR/archive and, as the rows to insert, DIR/rows.db
//	replay replay DIR    replays the archive into a new file
//	replay insert DIR    inserts the rows into a new file
//
// It prints seconds and the number of records as JSON.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"trunkline/infra/fleet"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
)

// atMost is how many events are replayed.
const atMost = 40_000

// perCommit is how many rows an insert commits at once: as many as a replay has under way.
const perCommit = 64

type result struct {
	Seconds float64 `json:"seconds"`
	Records int     `json:"records"`
}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: replay prepare|replay|insert DIR")
	}
	mode := map[string]func(context.Context, string) (result, error){"prepare": prepare, "replay": replayed, "insert": inserted}[args[0]]
	if mode == nil {
		return fmt.Errorf("no such mode: %s", args[0])
	}
	r, err := mode(ctx, args[1])
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func day() pbx.Day { return pbx.DayOf(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)) }

// prepare writes the call records of one PBX as one object, and replays it once.
func prepare(ctx context.Context, folder string) (r result, err error) {
	all := fleet.Config{Seed: 11, PBXs: 1, First: day(), Days: 1, CallsPerDay: 2 * atMost}.All()[0]
	var envelopes []archive.Envelope
	for e := range all.Events() {
		if _, ok := e.Event.(*pbx.CallRecord); !ok {
			continue
		}
		at := day().UTC().Add(time.Duration(len(envelopes)) * time.Millisecond)
		envelopes = append(envelopes, archive.Envelope{MAC: all.MAC, Received: at, Event: e.Event, Body: fleet.Body(e.Event, fleet.Vendor)})
		if len(envelopes) == atMost {
			break
		}
	}
	lines, err := archive.Lines(envelopes)
	if err != nil {
		return r, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(lines); err != nil {
		return r, err
	}
	if err := w.Close(); err != nil {
		return r, err
	}
	bucket, err := dir.Open(filepath.Join(folder, "archive"))
	if err != nil {
		return r, err
	}
	name := archive.RawFolder(pbx.KindCallRecord, day()) + string(all.MAC) + ".0001.ndjson.gz"
	if err := bucket.Put(ctx, name, packed.Bytes()); err != nil {
		return r, err
	}
	return into(ctx, folder, filepath.Join(folder, "rows.db"))
}

// replayed replays the archive into a new file.
func replayed(ctx context.Context, folder string) (r result, err error) {
	own, err := os.MkdirTemp(folder, "replay-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(own)
	return into(ctx, folder, filepath.Join(own, "records.db"))
}

func into(ctx context.Context, folder, file string) (r result, err error) {
	bucket, err := dir.OpenReadOnly(filepath.Join(folder, "archive"))
	if err != nil {
		return r, err
	}
	table, err := sqlite.Open(ctx, file)
	if err != nil {
		return r, err
	}
	defer table.Close()
	// By this clock the day is not over: no marks are written.
	now := func() time.Time { return day().UTC().Add(time.Hour) }
	began := time.Now()
	report, err := replay.Run(ctx, bucket, store.New(table, now), now, replay.Selection{First: day(), Last: day()}, func(replay.Report) {})
	if err == nil && (report.Held > 0 || report.Events == 0) {
		err = fmt.Errorf("%+v", report)
	}
	return result{time.Since(began).Seconds(), report.Events}, err
}

// inserted inserts the rows of the prepared file into a new one.
func inserted(ctx context.Context, folder string) (r result, err error) {
	rows, err := rowsOf(ctx, filepath.Join(folder, "rows.db"))
	if err != nil {
		return r, err
	}
	own, err := os.MkdirTemp(folder, "insert-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(own)
	file := filepath.Join(own, "records.db")
	table, err := sqlite.Open(ctx, file) // makes the schema
	if err != nil {
		return r, err
	}
	if err := table.Close(); err != nil {
		return r, err
	}
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return r, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	statement, err := db.PrepareContext(ctx, "INSERT INTO items (pk, sk, version, expires, doc) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		return r, err
	}
	began := time.Now()
	for some := range slices.Chunk(rows, perCommit) {
		if err := insert(db, statement, some); err != nil {
			return r, err
		}
	}
	return result{time.Since(began).Seconds(), len(rows)}, nil
}

// row has the values of a row's columns.
type row []any

// rowsOf reads the rows of a file in the order in which a replay writes them.
func rowsOf(ctx context.Context, file string) (rows []row, err error) {
	table, err := sqlite.OpenReadOnly(ctx, file)
	if err != nil {
		return nil, err
	}
	defer table.Close()
	all := fleet.Config{Seed: 11, PBXs: 1, First: day(), Days: 1}.All()[0]
	var items []store.Item
	for item, err := range table.Query(ctx, store.Range{PK: string(all.MAC)}) {
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b store.Item) int { return strings.Compare(a.Version, b.Version) })
	for _, i := range items {
		rows = append(rows, row{[]byte(i.PK), []byte(i.SK), []byte(i.Version), 0, i.Doc})
	}
	return rows, nil
}

// insert inserts rows in one transaction.
func insert(db *sql.DB, prepared *sql.Stmt, rows []row) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	statement := tx.Stmt(prepared)
	for _, r := range rows {
		if _, err := statement.Exec(r...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
