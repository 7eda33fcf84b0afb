package extsort

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
)

// Codec says how values are compared, measured and encoded.
type Codec[T any] struct {
	// Compare orders values. Equal values may be yielded in any order.
	Compare func(a, b T) int
	// Size is about how many bytes of memory a value takes.
	Size func(T) int
	// Append appends a value's encoding, which Decode reads. Decode keeps nothing of its
	// argument.
	Append func([]byte, T) []byte
	Decode func([]byte) (T, error)
}

// Sorter sorts values. It is not safe for concurrent use.
type Sorter[T any] struct {
	codec Codec[T]
	file  *File
	room  int
	held  []T
	size  int // of what is held
	order bool
	runs  []run
	err   error
}

// New makes a Sorter that holds values of up to room bytes in memory, and the others in a file.
func New[T any](c Codec[T], file *File, room int) *Sorter[T] {
	return &Sorter[T]{codec: c, file: file, room: room}
}

// Add adds a value. All yields its error.
func (s *Sorter[T]) Add(v T) {
	s.held, s.order = append(s.held, v), false
	if s.size += s.codec.Size(v); s.size > s.room {
		s.spill()
	}
}

// spill writes what is held as a run.
func (s *Sorter[T]) spill() {
	if len(s.runs) == 0 {
		s.room /= 4
	}
	if s.err == nil && len(s.held) > 0 {
		var r run
		s.sort()
		r, s.err = s.file.write(s.encode)
		s.runs = append(s.runs, r)
	}
	clear(s.held)
	s.held, s.size = s.held[:0], 0
}

func (s *Sorter[T]) sort() {
	if !s.order {
		slices.SortFunc(s.held, s.codec.Compare)
		s.order = true
	}
}

// encode writes the held values, each with its length before it.
func (s *Sorter[T]) encode(w io.Writer) error {
	var length, value []byte
	for _, v := range s.held {
		value = s.codec.Append(value[:0], v)
		length = binary.AppendUvarint(length[:0], uint64(len(value)))
		if _, err := w.Write(length); err != nil {
			return err
		}
		if _, err := w.Write(value); err != nil {
			return err
		}
	}
	return nil
}

// All yields all values in their order. It may be called several times. Values may be added
// between calls, but not while it yields. After an error it ends.
func (s *Sorter[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if len(s.runs) > 0 {
			s.spill()
			s.held = nil
		}
		if s.err != nil {
			var none T
			yield(none, s.err)
			return
		}
		if len(s.runs) > 0 {
			s.merge(yield)
			return
		}
		s.sort()
		for _, v := range s.held {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// merge yields the values of all runs.
func (s *Sorter[T]) merge(yield func(T, error) bool) {
	next, err := s.sources()
	for err == nil && len(next.sources) > 0 {
		if !yield(next.sources[0].first, nil) {
			return
		}
		var more bool
		if more, err = next.sources[0].next(); more {
			heap.Fix(next, 0)
		} else {
			heap.Pop(next)
		}
	}
	if err != nil {
		var none T
		yield(none, fmt.Errorf("sort in a temporary file: %w", err))
	}
}

// sources returns the runs, each with its first value.
func (s *Sorter[T]) sources() (*merging[T], error) {
	m := &merging[T]{compare: s.codec.Compare}
	for _, r := range s.runs {
		in, err := s.file.read(r)
		if err != nil {
			return nil, err
		}
		from := &source[T]{in: in, decode: s.codec.Decode}
		if _, err := from.next(); err != nil {
			return nil, err
		}
		m.sources = append(m.sources, from)
	}
	heap.Init(m)
	return m, nil
}

// source is a run that is being read.
type source[T any] struct {
	in     *bufio.Reader
	decode func([]byte) (T, error)
	value  []byte
	first  T
}

// next reads the next value, and reports whether there is one.
func (s *source[T]) next() (more bool, err error) {
	length, err := binary.ReadUvarint(s.in)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	s.value = slices.Grow(s.value[:0], int(length))[:length]
	if _, err := io.ReadFull(s.in, s.value); err != nil {
		return false, err
	}
	s.first, err = s.decode(s.value)
	return err == nil, err
}

// merging is a heap of runs, by their first values.
type merging[T any] struct {
	compare func(a, b T) int
	sources []*source[T]
}

func (m *merging[T]) Len() int { return len(m.sources) }
func (m *merging[T]) Less(i, j int) bool {
	return m.compare(m.sources[i].first, m.sources[j].first) < 0
}
func (m *merging[T]) Swap(i, j int) { m.sources[i], m.sources[j] = m.sources[j], m.sources[i] }
func (m *merging[T]) Push(any)      {} // a run that has ended is not added again
func (m *merging[T]) Pop() any {
	last := m.sources[len(m.sources)-1]
	m.sources = m.sources[:len(m.sources)-1]
	return last
}

// Group yields groups of consecutive values that are equal by same. A group has at least one value,
// and values of up to room bytes. Group leaves the others out.
func Group[T any](all iter.Seq2[T, error], same func(a, b T) bool, size func(T) int, room int) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		var group []T
		var first T
		taken, begun := 0, false
		for v, err := range all {
			if err != nil {
				yield(nil, err)
				return
			}
			if begun && !same(first, v) {
				if !yield(group, nil) {
					return
				}
				group, taken, begun = nil, 0, false
			}
			if !begun {
				first, begun = v, true
			} else if taken += size(v); taken > room {
				continue
			}
			group = append(group, v)
		}
		if begun {
			yield(group, nil)
		}
	}
}
