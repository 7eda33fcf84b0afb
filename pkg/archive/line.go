package archive

import (
	"bytes"
	"fmt"
	"iter"
)

// Line is a line of an object. It is an envelope, unless it is damaged.
type Line struct {
	Of   string // the object's name
	N    int    // from 1
	Text []byte

	packed bool // the object was compressed
}

// Packed reports whether the line's object was compressed.
func (l Line) Packed() bool { return l.packed }

// Torn reports whether the line may be the first part of one: a process died while it wrote the line.
// Nothing of such a line was acknowledged.
func (l Line) Torn() bool { return !l.packed && !bytes.HasSuffix(l.Text, []byte("\n")) }

// String names the line.
func (l Line) String() string { return fmt.Sprintf("line %d of %s", l.N, l.Of) }

// LinesOf yields the lines of an object's text.
func LinesOf(name string, text []byte) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		n := 0
		for line := range bytes.Lines(text) {
			if n++; !yield(Line{Of: name, N: n, Text: line}, nil) {
				return
			}
		}
	}
}
