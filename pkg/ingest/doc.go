// Package ingest receives events: it verifies the URL, decodes the body, archives and records
// each event concurrently, and answers when both are done.
//
// An Ingest applies the rules, and reports an Outcome for each event. An Endpoint, which is an
// http.Handler, turns requests into deliveries, and outcomes into answers, by one table.
// Neither knows which stores, cloud or web server it works with.
//
// A store that is slow or hangs is replaced by the other one: see side. The note that a PBX sent an
// event is written beside its events: see note.
//
// An event is acknowledged only once it is durable, and no work goes on after the answer. A body
// that has arrived whole is stored, even if its sender has hung up.
//
// Bodies over 8 KiB share 64 MiB of memory, of which one PBX may use 8 MiB. A body that finds no
// room is answered 503. So slow senders take bounded memory, and small events still get in.
//
// The token in the URL is verified and then forgotten: nothing that leaves this package has it.
package ingest
