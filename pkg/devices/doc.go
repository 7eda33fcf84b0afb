// Package devices is what operators do with the PBXs of a fleet: it reads and sets their settings and
// the names of their queues, agents and numbers, each as the text that a flag or a cell of a
// spreadsheet has, and has one PBX take another's place.
//
// It knows the records and what their figures depend on. It knows no command line and no files.
package devices
