package compact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/retry"
)

const (
	// fullBytes is how many bytes of lines make a packed object full; and as much of a batch is
	// held at a time.
	fullBytes = 16 << 20
	// namesAtOnce is how many names are held of a batch: more of them make another one.
	namesAtOnce = 50_000
	// callsAtOnce is how many objects of a batch are read or deleted side by side.
	callsAtOnce = 16
	// triesAtMost is how often some lines are written, where other runs are faster, and looked
	// for.
	triesAtMost = 6
	// objectsAtMost is how many packed objects a PBX has of a kind and day.
	objectsAtMost = 9999
)

// batch is the single objects of one day and PBX, or some of them.
type batch struct {
	*run
	day   pbx.Day
	mac   pbx.MAC
	names []string
	done  Report
	// skipped is what of it could not be read or deleted.
	skipped error
	// turn is held by the one batch of a PBX that is packed: two would hinder one another.
	turn chan struct{}
}

// String names the batch.
func (p *batch) String() string { return fmt.Sprintf("%s of %s of %s", p.kind, p.day, p.mac) }

// batches yields the batches of a day. What can't be listed is an *each.Bad; after any other error it
// ends.
func (r *run) batches(ctx context.Context, day pbx.Day) iter.Seq2[*batch, error] {
	return func(yield func(*batch, error) bool) {
		turn := make(chan struct{}, 1)
		p := &batch{run: r, day: day, turn: turn}
		offer := func() bool { return len(p.names) == 0 || yield(p, nil) }
		for name, err := range r.bucket.List(ctx, archive.RawFolder(r.kind, day), "") {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			mac, _, single := strings.Cut(path.Base(name), "-")
			if !single {
				continue
			}
			if pbx.MAC(mac) != p.mac || len(p.names) == namesAtOnce {
				if !offer() {
					return
				}
				if pbx.MAC(mac) != p.mac {
					turn = make(chan struct{}, 1)
				}
				p = &batch{run: r, day: day, mac: pbx.MAC(mac), turn: turn}
			}
			p.names = append(p.names, name)
		}
		offer()
	}
}

// pack packs the batch, some megabytes at a time.
func (p *batch) pack(ctx context.Context) error {
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	for len(p.names) > 0 {
		if p.over() {
			p.done.More = true
			return nil
		}
		lines, err := p.read(ctx)
		if err != nil {
			return err
		}
		if err := p.settle(ctx, lines); err != nil {
			return err
		}
	}
	return p.skipped
}

// read takes names from the batch, and returns the lines of their objects, by ID.
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
				return nil // another run was faster
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

// note keeps an error that says only what was skipped, for the end of the batch. It returns any
// other one.
func (p *batch) note(err error) error {
	if err != nil && !each.Only(err) {
		return err
	}
	p.skipped = errors.Join(p.skipped, err)
	return nil
}

// take adds the line that is an object's, if it is the event that the name says.
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

// settle has lines in packed objects, and deletes the single objects of those that it has read
// there.
func (p *batch) settle(ctx context.Context, lines map[string][]byte) error {
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
	return fmt.Errorf("%d events were written %d times, and are not there", len(lines), triesAtMost)
}

// deduplicate reads the packed objects, and takes away the lines that are there, with their single
// objects. It returns the object that has room for the others.
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
	return nil, fmt.Errorf("more than %d packed objects", objectsAtMost)
}

// drop deletes the single objects whose lines are in a packed one.
func (p *batch) drop(ctx context.Context, o *packed, lines map[string][]byte) error {
	var there []string
	for id, line := range lines {
		switch packed, found := o.byID[id]; {
		case !found:
		case same(packed, line):
			there = append(there, id)
		default:
			delete(lines, id) // two bodies under one ID: neither may go
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
