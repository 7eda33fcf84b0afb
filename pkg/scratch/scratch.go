// Package scratch makes temporary files for what does not fit in memory.
//
// They hold data as it is, such as callers' numbers. So only the owner may read a file, and its name
// is removed as soon as it is open, if the system allows that. Then nobody else can open the file,
// and a program that is killed leaves nothing.
package scratch

import (
	"errors"
	"os"
)

// File is a temporary file that is open for reading and writing.
type File struct {
	*os.File
	named bool // the system does not allow the name of an open file to be removed
}

// Create makes a File in a folder. If folder is empty, it is os.TempDir.
func Create(folder string) (*File, error) {
	f, err := os.CreateTemp(folder, ".trunkline-scratch-*")
	if err != nil {
		return nil, err
	}
	return &File{f, os.Remove(f.Name()) != nil}, nil
}

// Close closes the file, and frees its space.
func (f *File) Close() error {
	err := f.File.Close()
	if f.named {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
