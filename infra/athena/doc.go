// Package athena has the first questions that people ask of the archive, as SQL. Each is written
// once, in queries/, as a template of SQL that Athena (Trino) and DuckDB have in common. A
// Dialect has the few differences. Program query prints the queries for the days and limits that
// it is given.
//
// The queries read the tables of pkg/curated, and raw/ for what those lack. They use the names
// that infra/lake.yaml, which package lake writes, gives them in Athena. In DuckDB views have these
// names: tables.sql makes them.
//
// Days are those of the PBX's clock. Ratios are made of sums, never of other ratios, and a ratio
// of nothing is null. pkg/kpi/doc.go defines what counts as what.
//
// The package knows no database. infra/verify runs each query in DuckDB over a month of a
// simulated fleet, and compares the answer with what the product's code counts.
package athena
