// Package sqlite is a store.Table in one SQLite file: the embedded default, for one
// machine.
//
// The file is in WAL mode and every commit is synced, so a write that was acknowledged
// survives a power cut. One goroutine writes; it takes all writes that wait for it into
// one transaction, so that many writers share one sync. Readers, in this process or in
// another, never wait for it.
package sqlite
