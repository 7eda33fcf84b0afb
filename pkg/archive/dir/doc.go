// Package dir is an archive.Bucket in a folder: an object to a file.
//
// An object is written aside, synced, renamed to its name, and its folder is synced: no
// reader sees a part of it, and one that was acknowledged survives a power cut. What a
// crash leaves aside is removed at the next Open.
//
// A link is no object and no folder: neither readers nor writers follow it, and Open refuses an
// archive with a folder that is one. Only the archive's own folder may be a link.
package dir
