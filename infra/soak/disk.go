package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// diskMiB is the size of the disk that can be full.
const diskMiB = 4096

// disk is a small disk of its own. If none can be mounted, it is a folder, and never full.
type disk struct {
	path    string
	mounted bool
}

func mountDisk(path string) *disk {
	d := &disk{path: path}
	err := os.Mkdir(path, 0o700)
	if err == nil {
		err = mount(path, diskMiB)
	}
	if d.mounted = err == nil; !d.mounted {
		fmt.Printf("soak: SKIPPED: no disk is full, since none can be mounted here: %v (be root)\n", err)
	}
	return d
}

func (d *disk) unmount() {
	if d.mounted {
		d.mounted = unmount(d.path) != nil
	}
}

func (d *disk) filler() string { return filepath.Join(d.path, "filler") }

// fill takes all free space.
func (d *disk) fill() error {
	f, err := os.Create(d.filler())
	if err != nil {
		return err
	}
	defer f.Close()
	var size int64
	for step := int64(64 << 20); step >= 4096; {
		if err := allocate(f, size, step); err != nil {
			step /= 2
			continue
		}
		size += step
	}
	return nil
}

// free frees the space again.
func (d *disk) free() error { return os.Remove(d.filler()) }
