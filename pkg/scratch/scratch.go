// Package scratch makes temporary files for what does not fit in memory.
//
// They hold what they are given as it is, such as callers' numbers. So a file is its owner's
// alone, and loses its name as soon as it is open, where the system allows that: nobody else
// can open it, and a program that is killed leaves nothing.
package scratch

import (
	"errors"
	"os"
)

// File is a temporary file that is open for reading and writing.
type File struct {
	*os.File
	named bool // the system does not allow to remove the name of an open file
}

// Create makes a File in a folder; in that of temporary files (os.TempDir) where it is empty.
func Create(folder string) (*File, error) {
	f, err := os.CreateTemp(folder, ".trunkline-scratch-*")
	if err != nil {
		return nil, err
	}
	return &File{f, os.Remove(f.Name()) != nil}, nil
}

// Close closes the file, and gives its space free.
func (f *File) Close() error {
	err := f.File.Close()
	if f.named {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
