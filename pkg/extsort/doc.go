// Package extsort sorts more values than fit in memory: an external merge sort.
//
// A Sorter holds values in memory, up to its room. Beyond that it writes them, sorted, as a run to
// a temporary file. From then on it holds no more than a quarter of its room. In the end it merges
// the runs. So its memory is bounded by its room, and by a small buffer for each run. It yields the
// same values as if it had held all of them.
//
// The temporary file is one of package scratch, and holds values as they are.
//
// The package does not know what it sorts.
package extsort
