// Package control is how a command asks the running server of a data folder to do its work
// there: over a Unix socket in the folder, DIR/control, that only the folder's owner can open.
//
// A client opens a connection for each command. What both sides send are frames: a byte for
// the kind, four bytes for the length of what follows (big endian, at most 64 KiB, of a
// request 1 MiB), and that.
//
//	client  q  the request, JSON, first of all: what was typed, and where
//	client  c  end the command early: it tells how far it came, and its exit code
//	server  o  what the command prints
//	server  e  what else it has to say
//	server  f  a file that the client is to write, since it named it: JSON of create, commit,
//	           discard or remove, with its path. The client answers
//	client  f  with what went wrong; with nothing where nothing did
//	server  w  bytes for the file that was created last
//	server  x  the exit code, one byte: the last frame
//	server  r  why the request is refused, text: the last frame
//
// A client that goes away ends its command, as `c` does. Of a server that goes away without
// `x`, nobody knows how far it came.
//
// A client that takes the server's place sends these frames instead:
//
//	client  h  hand over the listener. The server sends the byte h with the listener's file
//	           descriptor (SCM_RIGHTS)
//	client  h  it is ready: the server finishes, and gives the folder free. Without this word
//	           the server goes on
//
// The package knows how to carry a command, and no command.
package control
