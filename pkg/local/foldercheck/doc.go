// Package foldercheck checks a data folder, with the checks of package doctor and its own. Its
// own look at the folder's modes and owners, the disk, the files of records, archive and keys,
// the clock, and the last hourly run.
package foldercheck
