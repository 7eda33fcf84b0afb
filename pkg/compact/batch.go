package compact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/retry"
)

const (
	// fullBytes is how many bytes of lines fill a packed object. A batch holds as many in memory.
	fullBytes = 16 << 20
	// namesAtOnce is how many objects a batch has at most. A PBX with more has several batches.
	namesAtOnce = 50_000
	// callsAtOnce is how many objects of a batch are read or deleted concurrently.
	callsAtOnce = 16
	// triesAtMost is how often lines are written and read back, if other runs change the object.
	triesAtMost = 6
	// objectsAtMost is how many packed objects a PBX has of one kind and day.
	objectsAtMost = 9999
)

// batch is all or some single objects of one day and PBX.
type batch struct {
	*run
	day   pbx.Day
	mac   pbx.MAC
	names []string
	done  Report
	// skipped names the objects that could not be read or deleted.
	skipped error
	// slot is taken by the batch of a PBX that is being packed: two would replace the same object.
	slot *semaphore.Weighted
}

// String names the batch.
func (p *batch) String() string { return fmt.Sprintf("%s of %s of %s", p.kind, p.day, p.mac) }

// batches yields the batches of a day. What can't be listed is an *each.Bad. After any other error
// the sequence ends.
func (r *run) batches(ctx context.Context, day pbx.Day) iter.Seq2[*batch, error] {
	return func(yield func(*batch, error) bool) {
		slot := semaphore.NewWeighted(1)
		p := &batch{run: r, day: day, slot: slot}
		offer := func() bool { return len(p.names) == 0 || yield(p, nil) }
		for name, err := range r.bucket.List(ctx, archive.RawFolder(r.kind, day), "") {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			form, mac := archive.FormOf(name)
			if form != archive.Single {
				continue
			}
			if mac != p.mac || len(p.names) == namesAtOnce {
				if !offer() {
					return
				}
				if mac != p.mac {
					slot = semaphore.NewWeighted(1)
				}
				p = &batch{run: r, day: day, mac: mac, slot: slot}
			}
			p.names = append(p.names, name)
		}
		offer()
	}
}

// pack packs the batch, some megabytes at a time.
func (p *batch) pack(ctx context.Context) error {
	if err := p.slot.Acquire(ctx, 1); err != nil {
		return err
	}
	defer p.slot.Release(1)
	for len(p.names) > 0 {
		if p.over() {
			p.done.More = true
			return nil
		}
		lines, err := p.read(ctx)
		if err != nil {
			return err
		}
		if err := p.write(ctx, lines); err != nil {
			return err
		}
	}
	return p.skipped
}

// read takes objects from the batch, and returns their lines by ID.
func (p *batch) read(ctx context.Context) (map[string][]byte, error) {
	lines, size := map[string][]byte{}, 0
	for len(p.names) > 0 && size < p.full {
		names := p.names[:min(callsAtOnce, len(p.names))]
		var mu sync.Mutex
		found := map[string][]byte{}
		objects := each.Loop[string]{Of: "events to be packed", Name: each.Text[string], AtOnce: callsAtOnce}
		err := objects.Do(ctx, each.Of(names...), func(ctx context.Context, name string) error {
			object, err := p.bucket.Get(ctx, name)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // another run has packed it
			}
			if err != nil && archive.Ping(ctx, p.bucket) != nil {
				return each.Stop(err)
			}
			mu.Lock()
			defer mu.Unlock()
			found[name] = object
			return err
		})
		if err = p.note(err); err != nil {
			return nil, err
		}
		for _, name := range names {
			size += len(found[name])
			p.take(lines, name, found[name])
		}
		p.names = p.names[len(names):]
	}
	return lines, nil
}

// note keeps an error that says only what was skipped, until the end of the batch. It returns any
// other error.
func (p *batch) note(err error) error {
	if err != nil && !each.Only(err) {
		return err
	}
	p.skipped = errors.Join(p.skipped, err)
	return nil
}

// take adds the line of an object, if it is the event that the name says.
func (p *batch) take(lines map[string][]byte, name string, object []byte) {
	if object == nil {
		return
	}
	receipt, err := archive.ParseReceipt(object)
	if err != nil || receipt.Name() != name || bytes.IndexByte(object, '\n') != len(object)-1 {
		p.done.Left++
		return
	}
	lines[receipt.ID] = object
}

// write writes lines to packed objects until it reads them there. Then it deletes their single
// objects.
func (p *batch) write(ctx context.Context, lines map[string][]byte) error {
	for n := 1; n <= triesAtMost; n++ {
		room, err := p.deduplicate(ctx, lines)
		if err != nil || len(lines) == 0 {
			return err
		}
		err = p.add(ctx, room, lines)
		switch {
		case err == nil:
			p.done.Written++
		case errors.Is(err, archive.ErrChanged):
			err = retry.Pause(ctx, n)
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("other runs replaced the packed object %d times: %d events stay as they are until the next run", triesAtMost, len(lines))
}

// deduplicate reads the packed objects of the PBX. It removes the lines that they have from lines,
// and deletes their single objects. It returns the packed object that has room for the others.
func (p *batch) deduplicate(ctx context.Context, lines map[string][]byte) (room *packed, err error) {
	for n := 1; n <= objectsAtMost; n++ {
		o, err := p.open(ctx, n)
		if err != nil {
			return nil, err
		}
		if o.tag == "" && room == nil {
			return o, nil
		}
		if o.tag == "" {
			return room, nil
		}
		if err := p.drop(ctx, o, lines); err != nil || len(lines) == 0 {
			return nil, err
		}
		if room = o; len(o.lines) >= p.full {
			room = nil
		}
	}
	return nil, fmt.Errorf("the PBX has more than %d packed objects of that kind and day", objectsAtMost)
}

// drop deletes the single objects whose lines are in a packed object.
func (p *batch) drop(ctx context.Context, o *packed, lines map[string][]byte) error {
	var there []string
	for id, line := range lines {
		switch packed, found := o.byID[id]; {
		case !found:
		case same(packed, line):
			there = append(there, id)
		default:
			delete(lines, id) // two bodies under one ID: keep both
			p.done.Left++
		}
	}
	folder := archive.RawFolder(p.kind, p.day)
	var deleted atomic.Int64
	objects := each.Loop[string]{Of: "events that are packed", Name: each.Text[string], AtOnce: callsAtOnce}
	err := objects.Do(ctx, each.Of(there...), func(ctx context.Context, id string) error {
		err := p.bucket.Delete(ctx, folder+id+".json")
		if err == nil {
			deleted.Add(1)
		}
		return err
	})
	if err = p.note(err); err != nil {
		return err
	}
	for _, id := range there {
		delete(lines, id)
	}
	p.done.Events += int(deleted.Load())
	return nil
}
