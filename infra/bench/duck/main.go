// Duck is what the rollup is compared with: DuckDB, on one thread, computes the same rows in SQL
// from Parquet of the same records. It runs as a process of its own.
//
//	duck FILE.parquet
package main

import (
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
)

//go:embed rollup.sql
var script string

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "duck:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: duck FILE.parquet")
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	began := time.Now()
	file := "'" + strings.ReplaceAll(args[0], "'", "''") + "'"
	if _, err := db.Exec("set threads = 1; " + strings.ReplaceAll(script, ":parquet)", file+")")); err != nil {
		return err
	}
	took := time.Since(began)
	var r struct {
		Seconds                            float64
		Offered, Answered, Abandoned, Peak int64
	}
	err = db.QueryRow(`select sum(offered)::bigint, sum(answered)::bigint, sum(abandoned)::bigint
		from row_kpi where scope = 0 and whole = 1`).Scan(&r.Offered, &r.Answered, &r.Abandoned)
	if err != nil {
		return err
	}
	r.Seconds = took.Seconds()
	if r.Peak, err = peak(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// peak returns the most memory that this process has used, in KiB. What the system reports to a
// parent may be the parent's own memory.
func peak() (kib int64, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	_, err = fmt.Sscan(after, &kib)
	return kib, err
}
