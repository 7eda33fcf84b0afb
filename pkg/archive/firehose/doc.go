// Package firehose keeps events in delivery streams of Amazon Data Firehose. It is the only package
// that imports its SDK.
//
// There is a stream for each kind. It buffers the records that it is given, and writes them to raw/ as
// compressed objects, by its own clock: often minutes later, at least once. Until then no reader finds
// them, but they are durable. A stream adds nothing between records. So a record is whole lines.
package firehose
