// Package archive keeps every event as it was received, in a Bucket that its sub-packages provide.
// An Envelope says what was received, when, from whom, and the event that was decoded. It is one
// line of JSON:
//
//	raw/kind=<kind>/dt=<UTC day>/…                                               events
//	quarantine/dt=<UTC day of receipt>/<mac>-<received>-<hash>.json              what was refused, why, and by which decoder
//	spill/<digit>/<received>-<mac>-<received>-<hash>.json                        what is still to be recorded
//	failures/…                                                                   what delivery streams could not deliver, as they write it
//
// received is the time of receipt in milliseconds. hash is that of the body and of the event's
// place in its array. The same receipt has the same ID, <mac>-<received>-<hash>.
//
// A Keeper writes events to raw/. Readers use a Part, which knows all forms of objects there:
//
//	<id>.json                              Single: one event
//	<mac>-<received>-<hash of ids>.ndjson  Delivery: events of one delivery and kind
//	<mac>.<n>.ndjson.gz                    Packed: events of one PBX
//	all other names, also in deeper folders: Shared: events of any PBXs
//
// Objects are compressed or not, which their first bytes show. dt is the day of receipt, or the day
// after it in Shared objects of a delivery stream. Events may be repeated, under one ID. The last line
// of an object that is not compressed may be torn: nobody was told that it is kept.
//
// Whoever replaces objects by another one gives that a name after theirs, writes it first, and deletes
// them last. So a reader that finds an object gone finds its events later in the same folder.
//
// The archive is the record of last resort: all other data can be made again from raw/. The
// package knows no object store, no wire format of a PBX, and no HTTP.
package archive
