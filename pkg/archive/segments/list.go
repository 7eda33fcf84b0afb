package segments

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"trunkline/pkg/archive"
)

// listName is the object with the names of the segments that are not finished. So they are found without
// a search in all days.
const listName = archive.SegmentsPrefix + "unfinished"

// load reads the list.
func (a *Archive) load(ctx context.Context) error {
	list, err := a.Folder.Get(ctx, listName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the list of segments: %w", err)
	}
	for name := range strings.FieldsSeq(string(list)) {
		if isSegment(name) {
			a.unfinished[name] = nil
		}
	}
	return nil
}

// isSegment reports whether a name is that of a segment which is not compressed.
func isSegment(name string) bool {
	parts := strings.Split(name, "/")
	return archive.CheckName(name) == nil && len(parts) == 4 && parts[0]+"/" == archive.RawPrefix &&
		strings.HasPrefix(parts[3], "segment-") && strings.HasSuffix(parts[3], ".ndjson")
}

// register adds a segment to the list before it is made.
func (a *Archive) register(ctx context.Context, name string, l *lane) error {
	a.mu.Lock()
	a.unfinished[name] = l
	a.mu.Unlock()
	err := a.save(ctx)
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.unfinished, name)
	}
	return err
}

// strike removes a segment from the list.
func (a *Archive) strike(ctx context.Context, name string) error {
	a.mu.Lock()
	delete(a.unfinished, name)
	a.mu.Unlock()
	return a.save(ctx)
}

// forget removes a segment that could not be made. If even that fails, Tend does it.
func (a *Archive) forget(ctx context.Context, name string) {
	err := a.Folder.Delete(ctx, name)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.unfinished[name] = nil; err == nil {
		delete(a.unfinished, name)
	}
}

// save writes the list.
func (a *Archive) save(ctx context.Context) error {
	a.saving <- struct{}{}
	defer func() { <-a.saving }()
	a.mu.Lock()
	names := slices.Sorted(maps.Keys(a.unfinished))
	a.mu.Unlock()
	if err := a.Folder.Put(ctx, listName, []byte(strings.Join(append(names, ""), "\n"))); err != nil {
		return fmt.Errorf("write the list of segments: %w", err)
	}
	return nil
}
