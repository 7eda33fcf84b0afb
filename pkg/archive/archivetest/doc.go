// Package archivetest is what every archive.Bucket must pass, a test for each sentence of
// its contract, and a Bucket whose faults a test decides on.
package archivetest
