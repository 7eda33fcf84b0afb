// Package archivetest has the tests that every archive.Bucket must pass, one for each sentence of
// its contract. It also has a Bucket with faults that a test chooses.
package archivetest
