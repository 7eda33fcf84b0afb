// Package sqlite is a store.Table in one SQLite file. It is the embedded default, for one machine.
//
// The file is in WAL mode and every commit is synced, so an acknowledged write survives a power cut.
// One goroutine writes. It puts all waiting writes into one transaction, so that many writers share
// one sync. Readers, in this process or in another, never wait for it.
package sqlite
