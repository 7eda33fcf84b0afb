package control

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Files are the files that a command uses besides a data folder.
type Files interface {
	// Read returns the content of a file. If it is missing, the error is os.ErrNotExist.
	Read(path string) ([]byte, error)
	// Create begins a file under a temporary name. Commit gives it its own name.
	Create(path string) (File, error)
	Remove(path string) error
}

// File is a file that is being written.
type File interface {
	io.Writer
	// Commit puts the file on disk, in the place of an earlier one.
	Commit() error
	// Discard removes the temporary file. After Commit it does nothing.
	Discard()
}

// OwnFiles are the files of this process.
type OwnFiles struct{}

// Read implements Files.
func (OwnFiles) Read(path string) ([]byte, error) { return os.ReadFile(path) }

// Create implements Files.
func (OwnFiles) Create(path string) (File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if failure, ok := errors.AsType[*os.PathError](err); ok {
		failure.Path = path // not the temporary name
	}
	if err != nil {
		return nil, err
	}
	return &ownFile{f, path}, nil
}

// Remove implements Files.
func (OwnFiles) Remove(path string) error { return os.Remove(path) }

type ownFile struct {
	*os.File
	path string
}

// Commit implements File.
func (f *ownFile) Commit() error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), f.path)
}

// Discard implements File.
func (f *ownFile) Discard() {
	f.Close()
	os.Remove(f.Name())
}

// Replacing are Files of which one can be written at once.
type Replacing struct{ Files }

// Replace writes a file as a whole, in the place of an earlier one.
func (r Replacing) Replace(path string, content []byte) error {
	f, err := r.Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Commit()
}
