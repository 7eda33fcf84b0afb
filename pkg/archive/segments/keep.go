package segments

import (
	"context"
	"fmt"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

// groupBytes is how many bytes of lines are written at once, unless one delivery has more. As many more
// may wait while they are written.
const groupBytes = 8 << 20

// group is the lines of deliveries that are written and synced together.
type group struct {
	received time.Time // of its first event
	lines    []byte
	taken    chan struct{} // closed when no more lines can join
	done     chan struct{} // closed when err is known
	err      error
}

// Keep implements archive.Keeper. If ctx ends first, the envelopes may still be kept. Those that were
// received before yesterday are put into an object of their own, since their segments are finished.
func (a *Archive) Keep(ctx context.Context, envelopes []archive.Envelope) error {
	first := envelopes[0]
	to := folder{first.Kind(), pbx.UTCDay(first.Received)}
	if !a.appends(to.day) {
		return archive.NewDirect(a.Folder).Keep(ctx, envelopes)
	}
	lines, err := archive.Lines(envelopes)
	if err != nil {
		return fmt.Errorf("archive %s: %w", first.ID(), err)
	}
	if err := a.add(ctx, to, first.Received, lines); err != nil {
		return fmt.Errorf("archive %d events from %s on: %w", len(envelopes), first.ID(), err)
	}
	return nil
}

// appends reports whether events that were received on a day are appended to segments. This also bounds
// how many are open.
func (a *Archive) appends(day pbx.Day) bool {
	if a.now == nil {
		return false
	}
	today := pbx.UTCDay(a.now())
	return day == today || day == today-1
}

// add adds lines to a group of their folder, and waits until it is on disk.
func (a *Archive) add(ctx context.Context, to folder, received time.Time, lines []byte) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		g, joined := a.join(to, received, lines)
		if g == nil {
			return errClosed
		}
		wait := g.done
		if !joined {
			wait = g.taken
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
		if joined {
			return g.err
		}
	}
}

// join adds lines to the group that is written next, if it has room. It returns that group; nil if the
// archive is closed.
func (a *Archive) join(to folder, received time.Time, lines []byte) (g *group, joined bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, false
	}
	l := a.lanes[to]
	if l == nil {
		l = &lane{folder: to, slot: make(chan struct{}, 1)}
		a.lanes[to] = l
	}
	if l.next == nil {
		g := &group{received: received, taken: make(chan struct{}), done: make(chan struct{})}
		l.next = g
		a.running.Go(func() { a.commit(l, g) })
	}
	g = l.next
	if len(g.lines) > 0 && len(g.lines)+len(lines) > groupBytes {
		return g, false
	}
	g.lines = append(g.lines, lines...)
	return g, true
}

// commit writes a group once the one before it is written. All that wait meanwhile join it.
func (a *Archive) commit(l *lane, g *group) {
	l.slot <- struct{}{}
	a.mu.Lock()
	l.next = nil
	a.mu.Unlock()
	close(g.taken)
	g.err = a.append(l, g)
	<-l.slot
	close(g.done)
}
