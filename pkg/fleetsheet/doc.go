// Package fleetsheet imports and exports a fleet as CSV files: the settings of PBXs, and the names of their
// queues, agents and numbers. A file is read and checked as a whole, and compared with the records.
// Only then is it written to them.
//
// It reads what spreadsheets save. It writes files that spreadsheets read without changing values. It knows
// no command line, and prints nothing: it returns what it found, what would change and what changed.
package fleetsheet
