// Package pbx is the vocabulary: the name of a telephone system (PBX), its clock, and one struct
// for each kind of event that it sends.
//
// The package knows what the values mean, and which of them may be unknown. It does not know how
// they are sent (package zycoo), stored (package store) or answered (package ingest). It imports
// no package of this module.
package pbx
