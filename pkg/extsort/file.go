package extsort

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"trunkline/pkg/scratch"
)

// File is a temporary file that Sorters share. It is made when the first of them needs it. Like
// them, it is not safe for concurrent use.
type File struct {
	folder string
	file   *scratch.File // nil: nothing was written yet
	end    int64
}

// NewFile returns a File in a folder. If folder is empty, it is os.TempDir.
func NewFile(folder string) *File { return &File{folder: folder} }

// Used reports whether anything was written to it.
func (f *File) Used() bool { return f.file != nil }

// Close frees the file's space. Its runs can't be read any more.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file, f.end = nil, 0
	return err
}

// bufferBytes is the size of the buffer of a run that is written or read.
const bufferBytes = 16 << 10

// run is a part of the file.
type run struct{ from, bytes int64 }

// write appends a run. The next write overwrites what a failed write leaves.
func (f *File) write(content func(io.Writer) error) (run, error) {
	if f.file == nil {
		file, err := scratch.Create(f.folder)
		if err != nil {
			return run{}, fmt.Errorf("sort in a temporary file: %w", err)
		}
		f.file = file
	}
	to := &counted{Writer: io.NewOffsetWriter(f.file, f.end)}
	out := bufio.NewWriterSize(to, bufferBytes)
	if err := errors.Join(content(out), out.Flush()); err != nil {
		return run{}, fmt.Errorf("sort in a temporary file: %w", err)
	}
	r := run{f.end, to.bytes}
	f.end += to.bytes
	return r, nil
}

// read reads a run.
func (f *File) read(r run) (*bufio.Reader, error) {
	if f.file == nil {
		return nil, fs.ErrClosed
	}
	return bufio.NewReaderSize(io.NewSectionReader(f.file, r.from, r.bytes), bufferBytes), nil
}

// counted counts what is written.
type counted struct {
	io.Writer
	bytes int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.bytes += int64(n)
	return n, err
}
