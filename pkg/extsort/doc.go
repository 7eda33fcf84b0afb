// Package extsort sorts more values than fit in memory: an external merge sort.
//
// A Sorter holds what it is given, up to its room. Beyond that it writes what it holds, in
// order, as a run to a temporary file, and holds no more than a quarter of its room from then
// on. In the end it merges the runs. So its memory is bounded by its room, and by a small
// buffer for each run; what it yields is the same as if it had held all.
//
// The temporary file is one of package scratch. It holds what was sorted as it is.
//
// The package knows nothing of what it sorts.
package extsort
