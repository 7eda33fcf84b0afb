// Package pbx is the vocabulary: what a telephone system (PBX) is called, how it
// tells the time, and one struct for each kind of event that it sends.
//
// The package knows what the words mean and which of them may be unknown. It does
// not know how they are written on the wire (package zycoo), kept (package store)
// or answered (package ingest), and imports nothing of this module.
package pbx
