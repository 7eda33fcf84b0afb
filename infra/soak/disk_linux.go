package main

import (
	"fmt"
	"os"
	"syscall"
)

// mount mounts a disk of a size in MiB.
func mount(path string, mib int) error {
	return syscall.Mount("soak", path, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700", mib))
}

func unmount(path string) error { return syscall.Unmount(path, syscall.MNT_DETACH) }

// allocate allocates the space for a part of a file, or fails.
func allocate(f *os.File, from, size int64) error {
	return syscall.Fallocate(int(f.Fd()), 0, from, size)
}
