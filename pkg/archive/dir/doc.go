// Package dir is an archive.Bucket in a folder: an object to a file.
//
// An object is written aside, synced, renamed to its name, and its folder is synced: no
// reader sees a part of it, and one that was acknowledged survives a power cut. What a
// crash leaves aside is removed at the next Open.
package dir
