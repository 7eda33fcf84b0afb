// Package curated makes the tables that BI tools read: Apache Parquet files, one for each
// table, PBX and day, at curated/<table>/dt=<local day>/<mac>.parquet.
//
//	table            a row for each
//	calls            queue call, and call without a queue
//	queue_kpi        queue
//	agent_kpi        agent
//	pbx_kpi          PBX
//	queue_intervals  queue and 15 minutes in which a call began
//	wait_histogram   queue, outcome and wait in whole seconds
//
// Columns are flat and typed, and named as the figures are in JSON. Counts and sums may be
// added to those of other rows, except agents, who are distinct ones; ratios, means,
// percentiles and longest waits may not, and stand there for convenience. The waits of
// gave_up stand among those of abandoned already. Durations are whole seconds. What is
// unknown, and a ratio of nothing, is null. A file is replaced whole.
//
// The column day is the partition dt once more, as a date. Times by the PBX's clock are
// timestamps without a zone, and all others are in UTC; calls name the zone.
//
// Besides, there are tables of dimensions, of which one file is the whole fleet's, at
// curated/<table>/fleet.parquet:
//
//	table            a row for each                    joins
//	dim_site         PBX                               mac of all tables
//	dim_queue        queue that was named              mac and queue of all tables
//	dim_queue_hours  weekly opening of such a queue    mac and queue of all tables
//	dim_agent        agent who was named               mac and agent of agent_kpi, answered_by of calls
//	dim_did          number that was named             mac and called of calls
//
// They say what holds now. What nobody has named is not in them: join them from the left.
//
// The format is that of https://parquet.apache.org/docs/file-format/, in its first version
// of pages and with the oldest encodings, so that Athena, DuckDB and Spark read it alike.
//
// Calls come one by one, and a row group of them is held at a time. A file of more than 4 MiB is
// made in a temporary one (package scratch), and held once, to be published: some 40 bytes a call.
//
// The package knows no bucket. Only the rollup links it, and Parquet with it.
package curated
