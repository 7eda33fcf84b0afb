package segments

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"trunkline/pkg/archive"
)

const (
	// fullBytes is how many bytes of lines fill a segment.
	fullBytes = 64 << 20
	// closesAfter is how long after its day, and after its last line, a segment is closed.
	closesAfter = 5 * time.Minute
	// beginsWithin limits the making of a segment, for which no delivery waits that long.
	beginsWithin = 10 * time.Second
)

// lane is the events of a kind and day on their way to segments, one of which may be open.
type lane struct {
	folder
	next *group // guarded by Archive.mu
	// slot is taken by whoever writes or closes the segment, and guards what follows.
	slot chan struct{}
	file archive.File // nil: no segment is open
	name string
	size int64     // of what is on disk, in bytes
	last time.Time // when that was written
}

// append writes a group to the lane's segment, and syncs it. If it fails, nothing of the group is
// acknowledged.
func (a *Archive) append(l *lane, g *group) error {
	if l.file == nil {
		if err := a.begin(l, g.received); err != nil {
			return err
		}
	}
	if _, err := l.file.WriteAt(g.lines, l.size); err != nil {
		a.cutOff(l)
		return err
	}
	if err := l.file.Sync(); err != nil {
		a.end(l) // nobody knows what is on disk, and a second sync would not say
		return err
	}
	l.size, l.last = l.size+int64(len(g.lines)), a.now()
	if l.size >= a.full {
		a.end(l)
	}
	return nil
}

// begin makes a segment.
func (a *Archive) begin(l *lane, received time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), beginsWithin)
	defer cancel()
	var number [8]byte
	rand.Read(number[:]) // never fails
	name := fmt.Sprintf("%ssegment-%013d-%x.ndjson", archive.RawFolder(l.kind, l.day), received.UnixMilli(), number)
	if err := a.register(ctx, name, l); err != nil {
		return err
	}
	file, err := a.Folder.Create(ctx, name)
	if err != nil {
		a.forget(ctx, name)
		return err
	}
	l.file, l.name, l.size, l.last = file, name, 0, a.now()
	return nil
}

// cutOff cuts off what a failed write has left. A reader may have read a part of that. So the segment
// takes no more lines, unless it is empty: a full disk does not get an empty file for each delivery.
func (a *Archive) cutOff(l *lane) {
	if err := l.file.Truncate(l.size); err != nil || l.size > 0 {
		a.end(l)
	}
}

// end closes the lane's segment, if one is open.
func (a *Archive) end(l *lane) {
	if l.file == nil {
		return
	}
	l.file.Close() // if it fails, nothing is lost: all that was acknowledged is synced
	l.file = nil
	a.mu.Lock()
	defer a.mu.Unlock()
	a.unfinished[l.name] = nil
}

// due reports whether the lane's segment is to be closed.
func (l *lane) due(now time.Time) bool {
	over := (l.day + 1).UTC()
	return now.Sub(over) > closesAfter && now.Sub(l.last) > closesAfter
}
