// Package lake writes infra/lake.yaml: the CloudFormation template of what Athena knows of the
// archive. Columns and folders of the tables of figures are those of the files that package curated
// makes. The columns of raw are the members of the envelopes that package archive writes, and its
// kinds are those of package pbx.
//
// The file is written again by go test ./infra/athena/lake -update. A comment says of each table
// what is lost without it; a table that has none is an error.
package lake
