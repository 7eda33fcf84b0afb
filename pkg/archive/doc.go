// Package archive keeps every event as it was received, in a Bucket that its sub-packages provide.
// An Envelope says what was received, when, from whom, and the event that was decoded. It is one
// line of JSON, in an object of its own:
//
//	raw/kind=<kind>/dt=<UTC day of receipt>/<mac>-<received>-<hash>.json         events
//	quarantine/dt=<UTC day of receipt>/<mac>-<received>-<hash>.json              what was refused, why, and by which decoder
//	spill/<received>-<mac>-<received>-<hash>.json                                what is still to be recorded
//
// received is the time of receipt in milliseconds. hash is that of the body and of the event's
// place in its array. The same receipt has the same name, so it is archived once, however often
// it is written.
//
// The archive is the record of last resort: all other data can be made again from raw/. The
// package knows no object store, no wire format of a PBX, and no HTTP.
package archive
