// Package devices has what operators do with the PBXs of a fleet. It reads and sets the settings of PBXs,
// and the names of their queues, agents and numbers. Each value is a text, as in a flag or in a cell of
// a spreadsheet. It also replaces one PBX by another.
//
// It knows the records and what their figures depend on. It knows no command line and no files.
package devices
