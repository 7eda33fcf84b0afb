// Package athena has the questions that people ask of the archive first, as SQL. Each is
// written once, in queries/, as a template in the words that Athena (Trino) and DuckDB have
// in common; the few that they do not are a Dialect's. Program query prints them for the
// days and limits that it is given.
//
// The queries read the tables of pkg/curated, and raw/ where those tell nothing, under the
// names that template.yaml gives them in Athena. In DuckDB views have these names:
// tables.sql makes them.
//
// Days are those of the PBX's clock. Ratios are made of sums, never of other ratios, and a
// ratio of nothing is null. What counts as what stands in pkg/kpi/doc.go.
//
// The package knows no database. infra/verify runs each query in DuckDB over a month of a
// made-up fleet, and compares what it says with what the product's code counts.
package athena
