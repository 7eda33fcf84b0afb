//go:build linux || darwin

package foldercheck

import "syscall"

// freeSpace returns how many bytes an unprivileged program may still write at path.
func freeSpace(path string) (uint64, error) {
	var s syscall.Statfs_t
	err := syscall.Statfs(path, &s)
	return s.Bavail * uint64(s.Bsize), err
}
