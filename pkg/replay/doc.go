// Package replay makes records of archived events. It replays a part of the archive, to build a
// table again or to correct what a decoder misread. Or it releases single events from quarantine.
// Bodies are decoded again, with the receipts that they had. Records that are right stay as they
// are.
//
// An object is skipped and named if it can't be read, or if a line can't be recorded though the
// table works. All others are replayed.
//
// Each version of the decoder retries once what older versions refused, in hourly runs. A mark in
// the archive keeps a run from starting over.
//
// The package knows the archive, the dialect and the records, and no database.
package replay
