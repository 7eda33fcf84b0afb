package control

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// The kinds of frames.
const (
	asks     = 'q'
	ends     = 'c'
	prints   = 'o'
	says     = 'e'
	file     = 'f'
	contents = 'w'
	exits    = 'x'
	refuses  = 'r'
	takes    = 'h'
)

// The most bytes that a frame's content may have.
const (
	frameAtMost   = 64 << 10
	requestAtMost = 1 << 20
)

const headSize = 5

// writeFrame writes one frame in one call, so that frames of several goroutines don't mix.
func writeFrame(w io.Writer, kind byte, content []byte) error {
	frame := make([]byte, headSize, headSize+len(content))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(content)))
	_, err := w.Write(append(frame, content...))
	return err
}

// readFrame reads one frame.
func readFrame(r io.Reader) (kind byte, content []byte, err error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	most := uint32(frameAtMost)
	if head[0] == asks {
		most = requestAtMost
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > most {
		return 0, nil, fmt.Errorf("a frame of %d bytes is over the limit of %d", size, most)
	}
	content = make([]byte, size)
	_, err = io.ReadFull(r, content)
	return head[0], content, err
}

// stream is an io.Writer whose writes are frames of a kind.
type stream struct {
	mu   *sync.Mutex // of the connection
	conn io.Writer
	kind byte
}

// Write implements io.Writer, in as many frames as it takes.
func (s stream) Write(p []byte) (written int, err error) {
	for len(p) > 0 && err == nil {
		n := min(len(p), frameAtMost)
		if err = s.one(p[:n]); err == nil {
			written += n
		}
		p = p[n:]
	}
	return written, err
}

// one writes one frame.
func (s stream) one(p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return writeFrame(s.conn, s.kind, p)
}
