// Duck is what the rollup is measured against: DuckDB, on one thread, computing the same
// rows in SQL from Parquet of the same records. It runs as a process of its own.
//
//	duck SQLDIR FILE.parquet
package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
)

// records folds the versions of records, where the scripts read envelopes.
const records = `
create table call_record as
select * from read_parquet(?)
qualify row_number() over (partition by mac, uuid, queue, agent, start order by received desc, hash desc) = 1`

// others are the tables that the scripts expect besides; there are no such records.
const others = `
set threads = 1;
create table settings (mac varchar, t bigint, s bigint, talk_includes_hold boolean);
create table cdr (mac varchar, uniqueid varchar, start timestamp, destination varchar, call_type varchar, answered boolean, billable bigint, received timestamp, hash varchar);
create table ivr_step (mac varchar, uuid varchar, ivr_id varchar, start timestamp, key varchar, received timestamp, hash varchar);`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "duck:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: duck SQLDIR FILE.parquet")
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	macros, err := script(args[0], "current")
	if err != nil {
		return err
	}
	began := time.Now()
	for _, text := range []string{others, macros[strings.Index(macros, "create macro direction_of"):]} {
		if _, err := db.Exec(text); err != nil {
			return err
		}
	}
	if _, err := db.Exec(records, args[1]); err != nil {
		return err
	}
	for _, name := range []string{"calls", "figures", "queue", "pbx", "agent", "intervals"} {
		text, err := script(args[0], name)
		if err == nil {
			_, err = db.Exec(text)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	took := time.Since(began)
	var r struct {
		Seconds  float64 `json:"seconds"`
		Offered  int64   `json:"offered"`
		Answered int64   `json:"answered"`
		Rows     int64   `json:"rows"`
	}
	err = db.QueryRow("select count(*), sum(offered)::bigint, sum(answered)::bigint from queue_kpi").Scan(&r.Rows, &r.Offered, &r.Answered)
	if err != nil {
		return err
	}
	r.Seconds = took.Seconds()
	return json.NewEncoder(os.Stdout).Encode(r)
}

func script(dir, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, name+".sql"))
	return string(text), err
}
