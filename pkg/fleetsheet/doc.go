// Package fleetsheet keeps a fleet in CSV files: the settings of PBXs, and the names of their queues,
// agents and numbers. A file is read and checked as a whole, compared with what is set, and only then
// written to the records.
//
// It reads what spreadsheets save and writes what they read as it is meant. It knows no command line,
// and prints nothing: what it found, what would change and what did are values.
package fleetsheet
