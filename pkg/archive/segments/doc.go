// Package segments is the archive of one machine. It appends events to segments: files of lines that
// grow in their place, one open at a time for each kind and UTC day of receipt:
//
//	raw/kind=<kind>/dt=<UTC day>/segment-<first receipt, ms>-<number>.ndjson     open, or not compressed yet
//	raw/kind=<kind>/dt=<UTC day>/segment-<first receipt, ms>-<number>.ndjson.gz  finished
//	segments/unfinished                                                          names of all that are not finished
//
// Deliveries that wait for the same segment are written and synced together. What was not acknowledged
// is cut off again where that can be done. After a failed sync, a segment takes no more lines. A process
// that dies may leave a torn last line. No segment is opened again to append to it.
//
// A segment is closed when it is full, a few minutes after its day, and at the end of the program. Then
// its whole lines are compressed to another file, and it is removed. A process that dies in between
// leaves both, so readers drop repeated IDs. The next one compresses it again.
//
// Whoever replaces or deletes objects, such as an erasure, has an Archive finish a segment first: see
// Archive.Tag. So it only ever changes finished ones.
//
// The package knows the archive, and no file system.
package segments
