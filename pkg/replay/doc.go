// Package replay makes records of what was archived: of a part of the archive, to build a
// table again or to repair what a decoder had misunderstood; or of single events that were
// held back. Bodies are decoded again, as if they arrived again, but with their own receipts:
// what is recorded already stays as it is.
//
// An object that can't be read, or of which a line can't be recorded though the table works, is
// skipped and named, and all others are replayed.
//
// What an older version of the decoder refused is tried once by each later one, in hourly runs
// that a mark in the archive keeps from beginning again.
//
// The package knows the archive, the dialect and the records, and no database.
package replay
