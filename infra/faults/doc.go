// Package faults breaks each call that Trunkline makes to its stores, one after the other. It
// checks that no acknowledged event is lost, and that nothing is counted twice.
package faults
