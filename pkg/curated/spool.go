package curated

import (
	"io"

	"trunkline/pkg/scratch"
)

// spool collects a file while it is written: in memory, and on disk above a size. So no copies of
// it are made while it grows.
type spool struct {
	folder string
	held   []byte
	file   *scratch.File // nil: all is in memory
	size   int
}

// heldBytes is how much of a file is held in memory while it is written.
const heldBytes = 4 << 20

// Write implements io.Writer.
func (s *spool) Write(b []byte) (n int, err error) {
	s.size += len(b)
	if s.file == nil && s.size <= heldBytes {
		s.held = append(s.held, b...)
		return len(b), nil
	}
	if s.file == nil {
		if s.file, err = scratch.Create(s.folder); err != nil {
			return 0, err
		}
		if _, err := s.file.Write(s.held); err != nil {
			return 0, err
		}
		s.held = nil
	}
	return s.file.Write(b)
}

// whole returns all that was written.
func (s *spool) whole() ([]byte, error) {
	if s.file == nil {
		return s.held, nil
	}
	all := make([]byte, s.size)
	_, err := io.ReadFull(io.NewSectionReader(s.file, 0, int64(s.size)), all)
	return all, err
}

// close frees the space on disk.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close() // the result of whole stays valid
	}
}
