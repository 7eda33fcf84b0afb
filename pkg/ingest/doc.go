// Package ingest is the way of an event: verify the URL, decode the body, archive it
// and record it side by side, and answer when both are done.
//
// An Ingest knows the rules and says what became of each event, as an Outcome; the
// Endpoint, an http.Handler, turns HTTP into deliveries and outcomes into answers, by the
// one table of them. Neither knows which stores, cloud or web server it works with.
//
// Nothing is acknowledged before it is durable, and no work goes on after the answer. A body
// that has arrived whole is stored, whether or not its sender waits for that.
// Bodies over 8 KiB find room in 64 MiB for all, of which one PBX has 8 MiB, or are answered 503:
// so slow senders take no memory without end, and keep no single event out.
// The token in the URL leaves this package in no way: it is verified and forgotten.
package ingest
