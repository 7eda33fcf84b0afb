// Soak serves one folder for a long time, while everything happens to it at once. PBXs push,
// attackers push bad input, and operators run every maintenance command. Servers are killed,
// stopped and replaced. The disk is full, and the clock jumps. In the end it checks that no
// acknowledged event is lost, no figure is wrong, no erased number is left, and memory did not
// grow.
//
// It knows the server by its program, its port and its folder. It knows from package fleet what was
// sent. Only the order of receipt is read from the archive.
package main
