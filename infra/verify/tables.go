package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
)

// table is a table of figures, and the columns that name a row of it.
type table struct {
	name string
	key  []string
}

// The tables that are published as Parquet files.
var (
	queueKPI       = table{"queue_kpi", []string{"mac", "day", "queue"}}
	pbxKPI         = table{"pbx_kpi", []string{"mac", "day"}}
	agentKPI       = table{"agent_kpi", []string{"mac", "day", "agent"}}
	queueIntervals = table{"queue_intervals", []string{"mac", "day", "queue", "start"}}
	waitHistogram  = table{"wait_histogram", []string{"mac", "day", "queue", "outcome", "wait_seconds"}}

	published = []table{queueKPI, pbxKPI, agentKPI, queueIntervals, waitHistogram}
)

// notCompared are the columns about the computation, not about calls.
var notCompared = map[string]bool{"inputs_hash": true, "computed_at": true, "revision": true}

// readParquet reads the files of a published table. Without files it has no rows.
func readParquet(ctx context.Context, db *sql.DB, curated string, t table, days string) (rows, error) {
	files := filepath.Join(curated, t.name, "dt=*", "*.parquet")
	if found, err := filepath.Glob(files); err != nil || len(found) == 0 {
		return rows{}, err
	}
	all, err := read(ctx, db, "select * from read_parquet("+quote(files)+", hive_partitioning = false)"+days, t.key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", files, err)
	}
	return all, nil
}
