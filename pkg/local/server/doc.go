// Package server receives events on one machine: an HTTP server over a data folder, with the
// handler that the ingest function has in AWS, and with what is done every hour.
//
// Besides PBXs' events it answers GET /healthz. It does the commands that change the folder
// while it runs, one after another, and hands its listener to the server that replaces it.
// When it stops, every request that has arrived whole is stored first.
package server
