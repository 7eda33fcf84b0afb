// Package control lets a command ask the running server of a data folder to do its work. They use
// a Unix socket in the folder, DIR/control, that only the folder's owner can open.
//
// A client opens a connection for each command. Both sides send frames. A frame is a byte for its
// kind, four bytes for the length of its content (big endian), and the content. It has at most 64
// KiB, a request at most 1 MiB.
//
//	client  q  the request, JSON, first of all: what was typed, and where
//	client  c  end the command early: it reports its progress, and its exit code
//	server  o  what the command prints
//	server  e  its messages
//	server  f  a file that the client is to write, since it named it: JSON of create, commit,
//	           discard or remove, with its path. The client answers
//	client  f  with an error text, which is empty if all went well
//	server  w  bytes for the file that was created last
//	server  x  the exit code, one byte: the last frame
//	server  r  why the request is refused, text: the last frame
//
// A client that disconnects ends its command, as `c` does. If a server disconnects without `x`,
// nobody knows how far the command came.
//
// A client that replaces the server sends these frames instead:
//
//	client  h  hand over the listener. The server sends the byte h with the listener's file
//	           descriptor (SCM_RIGHTS)
//	client  h  the client is ready: the server finishes, and releases the folder. Without this
//	           frame the server continues
//
// The package carries commands, and knows none of them.
package control
