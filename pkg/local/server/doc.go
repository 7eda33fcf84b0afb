// Package server receives events on one machine. It is an HTTP server over a data folder, with
// the handler of the ingest function in AWS, and it does the hourly run.
//
// Besides PBXs' events it answers GET /healthz. While it runs, it does the commands that change
// the folder, one after another. It can hand its listener to a server that replaces it. When it
// stops, it first stores every request that has arrived completely.
package server
