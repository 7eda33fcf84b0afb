//go:build linux || darwin

package local

import (
	"os"
	"syscall"
)

func effective() owner { return owner{os.Geteuid(), os.Getegid()} }

func ownerOf(path string) (owner, error) {
	info, err := os.Stat(path)
	if err != nil {
		return owner{}, err
	}
	return ownerIn(info), nil
}

func ownerIn(info os.FileInfo) owner {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return owner{int(s.Uid), int(s.Gid)}
	}
	return effective()
}

// become gives up root's rights, for all threads and for good.
func become(o owner) error {
	if err := syscall.Setgroups([]int{o.gid}); err != nil {
		return err
	}
	if err := syscall.Setgid(o.gid); err != nil {
		return err
	}
	return syscall.Setuid(o.uid)
}

// flagReadOnly is the flag of a read-only file system.
const flagReadOnly = 1

func readOnly(path string) bool {
	var s syscall.Statfs_t
	return syscall.Statfs(path, &s) == nil && s.Flags&flagReadOnly != 0
}
