// Package curated makes the tables that BI tools read: Apache Parquet files, one for each table,
// PBX and day, at curated/<table>/dt=<local day>/<mac>.parquet.
//
//	table            a row for each
//	calls            queue call, and call without a queue
//	queue_kpi        queue
//	agent_kpi        agent
//	pbx_kpi          PBX
//	queue_intervals  queue and 15 minutes in which a call began
//	wait_histogram   queue, outcome and wait in whole seconds
//
// Columns are flat and typed, and have the names of the figures in JSON. Counts and sums of rows
// can be added up, except numbers of agents, who are distinct. Ratios, means, percentiles and
// longest waits can't be added up; they are there for convenience. The waits of gave_up are also
// counted among those of abandoned. Durations are whole seconds. What is unknown, and a ratio of
// nothing, is null. A file is replaced as a whole.
//
// The column day repeats the partition dt as a date. Times by the PBX's clock are timestamps
// without a zone, and all others are in UTC; calls name the zone.
//
// There are also tables of dimensions. Each is one file for the whole fleet, at
// curated/<table>/fleet.parquet:
//
//	table            a row for each                    joins
//	dim_site         PBX                               mac of all tables
//	dim_queue        queue that was named              mac and queue of all tables
//	dim_queue_hours  weekly opening of such a queue    mac and queue of all tables
//	dim_agent        agent who was named               mac and agent of agent_kpi, answered_by of calls
//	dim_did          number that was named             mac and called of calls
//
// They have what is valid now. They lack what nobody has named: use a left join.
//
// The format is that of https://parquet.apache.org/docs/file-format/, in its first version of
// pages and with the oldest encodings. So Athena, DuckDB and Spark read the same from it.
//
// Calls are read one by one, and one row group of them is held in memory. A file of more than 4
// MiB is written to a temporary file (package scratch), and read once to be published: some 40
// bytes a call.
//
// The package knows no bucket. Only the rollup links it, and Parquet with it.
package curated
