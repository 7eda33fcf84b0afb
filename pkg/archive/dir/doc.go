// Package dir is an archive.Bucket in a folder: an object to a file.
//
// Put writes an object to a temporary file, syncs it, renames it, and syncs its folder. So no
// reader sees a part of an object, and an acknowledged object survives a power cut. The next Open
// removes temporary files that a crash leaves.
//
// Neither readers nor writers follow links. Open refuses an archive in which a folder is a link.
// Only the archive's own folder may be a link.
package dir
