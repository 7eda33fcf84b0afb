// Soak serves one folder for a long time, and has everything happen to it at once: honest PBXs
// push, strangers push what is bad, operators run every command of maintenance, servers are
// killed, stopped and taken over, the disk is full, and the clock jumps. In the end it looks
// whether anything that was acknowledged is lost, a figure is wrong, an erased number is left,
// or memory grew.
//
// It knows the server by its program, its port and its folder. What was sent is known from
// package fleet; only in which order it was received is read from the archive.
package main
