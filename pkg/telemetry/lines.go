package telemetry

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Lines carries log lines to a writer that may stall or end, such as a pipe. Write never waits:
// lines wait in memory. If too many wait, further ones are dropped and counted.
type Lines struct {
	waiting chan []byte
	bytes   atomic.Int64 // bytes that wait
	dropped atomic.Int64 // lines dropped since the last report
	ended   chan struct{}
	mu      sync.RWMutex // held for writing while waiting is being closed
	closed  bool
}

// Limits of what waits: about a minute of a busy server.
const (
	linesAtMost = 16 << 10
	bytesAtMost = 4 << 20
)

// NewLines makes Lines that write to w. After lines were dropped and w is read again, report
// writes their number to w.
func NewLines(w io.Writer, report func(w io.Writer, dropped int64)) *Lines {
	l := &Lines{waiting: make(chan []byte, linesAtMost), ended: make(chan struct{})}
	go l.run(w, report)
	return l
}

func (l *Lines) run(w io.Writer, report func(io.Writer, int64)) {
	defer close(l.ended)
	for line := range l.waiting {
		_, err := w.Write(line)
		l.bytes.Add(-int64(len(line)))
		if err != nil {
			l.dropped.Add(1)
		} else if n := l.dropped.Swap(0); n > 0 {
			report(w, n)
		}
	}
}

// Write implements io.Writer. Its argument is a whole line, and it never fails.
func (l *Lines) Write(line []byte) (int, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed || !l.take(line) {
		l.dropped.Add(1)
	}
	return len(line), nil
}

// take reports whether there was room for the line.
func (l *Lines) take(line []byte) bool {
	size := int64(len(line))
	if l.bytes.Add(size) > bytesAtMost {
		l.bytes.Add(-size)
		return false
	}
	select {
	case l.waiting <- append([]byte(nil), line...):
		return true
	default:
		l.bytes.Add(-size)
		return false
	}
}

// Close writes the waiting lines, for a limited time. Lines that are not written by then are
// lost.
func (l *Lines) Close(within time.Duration) {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.waiting)
	}
	l.mu.Unlock()
	select {
	case <-l.ended:
	case <-time.After(within):
	}
}
