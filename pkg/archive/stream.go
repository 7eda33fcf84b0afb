package archive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"trunkline/pkg/each"
)

const (
	// lineBytes is how many bytes a line may have. The longest envelope has fewer: its body has a
	// MiB at most, and is there twice, escaped.
	lineBytes = 16 << 20
	// textBytes is how many bytes the lines of an object may have. A merged object has some 128 MiB,
	// compressed to a tenth.
	textBytes = 16 << 30
)

// ErrDamaged is wrapped by the error of an object or line whose content can't be read, although the
// store has delivered it.
var ErrDamaged = errors.New("the archived object is damaged")

// ReadLines yields the lines of an object, in bounded memory. It recognises compressed ones by their
// first bytes. A last line without a newline is yielded, too: see Line.Torn. A line that is too long
// is an *each.Bad. Any other error ends the sequence; it wraps fs.ErrNotExist if there is no such
// object.
func ReadLines(ctx context.Context, b Bucket, name string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		object, err := b.Open(ctx, name)
		if err != nil {
			yield(Line{}, err)
			return
		}
		defer object.Close()
		from := &source{Reader: object}
		err = readText(name, from, yield)
		if err != nil && from.err == nil {
			err = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if err != nil {
			yield(Line{}, fmt.Errorf("read %s: %w", name, err))
		}
	}
}

// readText yields the lines of an object's stream.
func readText(name string, object io.Reader, yield func(Line, error) bool) error {
	text, err := newText(name, object, lineBytes, textBytes)
	if err != nil {
		return err
	}
	if form, _ := FormOf(name); form == Packed && !text.packed {
		return gzip.ErrHeader
	}
	return text.all(yield)
}

// source is the stream of an object, and why it broke off.
type source struct {
	io.Reader
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// text is the text of an object that is being read.
type text struct {
	name    string
	in      *bufio.Reader
	packed  bool
	longest int   // bytes of a line
	left    int64 // bytes of all lines
	n       int   // lines so far
}

// newText begins to read an object.
func newText(name string, object io.Reader, longest int, most int64) (*text, error) {
	in := bufio.NewReaderSize(object, 64<<10)
	first, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	t := &text{name: name, in: in, longest: longest, left: most}
	if t.packed = bytes.Equal(first, []byte{0x1f, 0x8b}); !t.packed {
		return t, nil
	}
	unpacked, err := gzip.NewReader(in) // of all members, one after the other
	if err != nil {
		return nil, err
	}
	t.in = bufio.NewReaderSize(unpacked, 64<<10)
	return t, nil
}

// all yields all lines. Its error says why it ended early.
func (t *text) all(yield func(Line, error) bool) error {
	for {
		line, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !isBad(err) {
			return err
		}
		if !yield(line, err) {
			return nil
		}
	}
}

func isBad(err error) bool {
	_, bad := errors.AsType[*each.Bad](err)
	return bad
}

// next returns the next line, io.EOF after the last one, or an *each.Bad for a line that is too long.
func (t *text) next() (Line, error) {
	line := Line{Of: t.name, N: t.n + 1, packed: t.packed}
	long := false
	for {
		part, err := t.in.ReadSlice('\n')
		if t.left -= int64(len(part)); t.left < 0 {
			return Line{}, errors.New("its lines have too many bytes")
		}
		if long = long || len(line.Text)+len(part) > t.longest; !long {
			line.Text = append(line.Text, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(line.Text) == 0 && !long) {
			return Line{}, err
		}
		if t.n++; long {
			return Line{}, &each.Bad{Name: line.String(), Err: fmt.Errorf("%w: it has more than %d bytes", ErrDamaged, t.longest)}
		}
		return line, nil
	}
}
