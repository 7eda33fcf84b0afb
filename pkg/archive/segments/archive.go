package segments

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

// Folder is what segments are kept in. One Archive at a time may write to it.
type Folder interface {
	archive.Bucket
	// Create makes an empty object that grows. No object may have its name. It is durable when Create
	// returns nil.
	Create(ctx context.Context, name string) (archive.File, error)
	// Stream is Put of what write writes.
	Stream(ctx context.Context, name string, write func(io.Writer) error) error
}

// Archive is a Keeper that appends to segments, and the Bucket that has them. It is safe for concurrent
// use.
type Archive struct {
	Folder
	now       func() time.Time // nil: nothing is appended
	full      int64            // fullBytes
	running   sync.WaitGroup   // commits
	saving    chan struct{}    // taken by whoever writes the list of segments
	finishing chan struct{}    // taken by whoever compresses a segment

	mu         sync.Mutex
	closed     bool
	lanes      map[folder]*lane
	unfinished map[string]*lane // by name: where it is open; nil if it is closed
}

// folder is where the segments of a kind and UTC day of receipt are.
type folder struct {
	kind pbx.Kind
	day  pbx.Day
}

var errClosed = errors.New("the archive is closed")

// Open opens the archive of a folder. Until Begin is called, Keep puts each delivery into an object of
// its own.
func Open(ctx context.Context, f Folder) (*Archive, error) {
	a := &Archive{
		Folder: f, full: fullBytes, saving: make(chan struct{}, 1), finishing: make(chan struct{}, 1),
		lanes: map[folder]*lane{}, unfinished: map[string]*lane{},
	}
	return a, a.load(ctx)
}

// Begin has events be appended to segments from now on. It is called once, before anything is kept. The
// caller also calls Tend, about every minute.
func (a *Archive) Begin(now func() time.Time) { a.now = now }

// Close ends what is under way, and closes all segments. They are compressed after the next Open.
func (a *Archive) Close() error {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.running.Wait()
	for _, l := range a.all() {
		l.slot <- struct{}{}
		a.end(l)
		<-l.slot
	}
	return nil
}

// all returns all lanes.
func (a *Archive) all() (all []*lane) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range a.lanes {
		all = append(all, l)
	}
	return all
}

// Tag implements archive.Bucket. Whoever asks for a tag is about to replace the object. So a segment is
// finished first: its lines are in the compressed object then, and no object has the segment's name.
func (a *Archive) Tag(ctx context.Context, name string) (string, error) {
	if err := a.finish(ctx, name); err != nil {
		return "", err
	}
	return a.Folder.Tag(ctx, name)
}

// Put implements archive.Bucket. A segment of that name is finished first.
func (a *Archive) Put(ctx context.Context, name string, body []byte) error {
	if err := a.finish(ctx, name); err != nil {
		return err
	}
	return a.Folder.Put(ctx, name, body)
}

// Replace implements archive.Bucket. A segment of that name is finished first.
func (a *Archive) Replace(ctx context.Context, name string, body []byte, tag string) error {
	if err := a.finish(ctx, name); err != nil {
		return err
	}
	return a.Folder.Replace(ctx, name, body, tag)
}

// Delete implements archive.Bucket. A segment of that name is finished first: so no line is lost that
// the caller has not read.
func (a *Archive) Delete(ctx context.Context, name string) error {
	if err := a.finish(ctx, name); err != nil {
		return err
	}
	return a.Folder.Delete(ctx, name)
}
