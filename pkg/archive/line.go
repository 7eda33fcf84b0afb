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
}

// String names the line.
func (l Line) String() string { return fmt.Sprintf("line %d of %s", l.N, l.Of) }

// LinesOf yields the lines of an object's text.
func LinesOf(name string, text []byte) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		n := 0
		for line := range bytes.Lines(text) {
			if n++; !yield(Line{name, n, line}, nil) {
				return
			}
		}
	}
}
