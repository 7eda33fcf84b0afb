package segments

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
)

// Tend closes the segments whose time is over, and finishes those that are closed. An error names those
// that are not finished: the next call tries it again.
func (a *Archive) Tend(ctx context.Context) error {
	if a.now == nil {
		return nil
	}
	for _, l := range a.all() {
		a.tend(l)
	}
	closed := each.Loop[string]{Of: "closed segments of the archive", Name: each.Text[string]}
	return closed.Do(ctx, each.Of(a.left()...), a.finish)
}

// tend closes a lane's segment if its time is over, and forgets the lane. One that is being written is
// left to the next call.
func (a *Archive) tend(l *lane) {
	select {
	case l.slot <- struct{}{}:
	default:
		return
	}
	defer func() { <-l.slot }()
	if !l.due(a.now()) {
		return
	}
	a.end(l)
	a.mu.Lock()
	defer a.mu.Unlock()
	if l.next == nil {
		delete(a.lanes, l.folder)
	}
}

// left returns the names of the closed segments that are not finished.
func (a *Archive) left() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	left := maps.Clone(a.unfinished)
	maps.DeleteFunc(left, func(_ string, open *lane) bool { return open != nil })
	return slices.Sorted(maps.Keys(left))
}

// finish closes and compresses a segment. It does nothing for any other object.
func (a *Archive) finish(ctx context.Context, name string) error {
	if !a.isUnfinished(name) {
		return nil
	}
	select {
	case a.finishing <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("finish %s: %w", name, ctx.Err())
	}
	defer func() { <-a.finishing }()
	a.close(name)
	if !a.isUnfinished(name) {
		return nil // another caller has finished it
	}
	if err := a.compress(ctx, name); err != nil {
		return fmt.Errorf("finish %s: %w", name, err)
	}
	return a.strike(ctx, name)
}

func (a *Archive) isUnfinished(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, there := a.unfinished[name]
	return there
}

// close closes a segment, if it is open.
func (a *Archive) close(name string) {
	a.mu.Lock()
	l := a.unfinished[name]
	a.mu.Unlock()
	if l == nil {
		return
	}
	l.slot <- struct{}{}
	defer func() { <-l.slot }()
	if l.name == name {
		a.end(l)
	}
}

// compress writes the whole lines of a closed segment to its compressed object, and removes the segment.
func (a *Archive) compress(ctx context.Context, name string) error {
	in, err := a.Folder.Open(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was never made, or is compressed
	}
	if err != nil {
		return err
	}
	defer in.Close()
	lines := &whole{}
	err = a.Folder.Stream(ctx, name+".gz", func(w io.Writer) error {
		return archive.PackTo(w, func(w io.Writer) error {
			lines.out = w
			_, err := io.Copy(lines, in)
			return err
		})
	})
	if err != nil {
		return err
	}
	if lines.written == 0 {
		if err := a.Folder.Delete(ctx, name+".gz"); err != nil {
			return err
		}
	}
	return a.Folder.Delete(ctx, name)
}

// whole passes whole lines on. It keeps the part of a line at the end back.
type whole struct {
	out     io.Writer
	rest    []byte
	written int64
}

// Write implements io.Writer.
func (w *whole) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	if end > 0 {
		for _, part := range [][]byte{w.rest, p[:end]} {
			n, err := w.out.Write(part)
			if w.written += int64(n); err != nil {
				return 0, err
			}
		}
		w.rest = w.rest[:0]
	}
	w.rest = append(w.rest, p[end:]...)
	return len(p), nil
}
