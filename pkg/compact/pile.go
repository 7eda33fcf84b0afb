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

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

const (
	// fullBytes is how many bytes of lines make a packed object full; and as much of a pile is
	// held at a time.
	fullBytes = 16 << 20
	// namesAtOnce is how many names are held of a pile: more of them make another one.
	namesAtOnce = 50_000
	// callsAtOnce is how many objects of a pile are read or deleted side by side.
	callsAtOnce = 16
	// triesAtMost is how often some lines are written, where other runs are faster, and looked
	// for.
	triesAtMost = 6
	// objectsAtMost is how many packed objects a PBX has of a kind and day.
	objectsAtMost = 9999
)

// pile is the single objects of one day and PBX, or some of them.
type pile struct {
	*run
	day   pbx.Day
	mac   pbx.MAC
	names []string
	done  Report
}

// piles yields the piles of a day. After an error it ends.
func (r *run) piles(ctx context.Context, day pbx.Day) iter.Seq2[*pile, error] {
	return func(yield func(*pile, error) bool) {
		p := &pile{run: r, day: day}
		for name, err := range r.bucket.List(ctx, archive.RawFolder(r.kind, day), "") {
			if err != nil {
				yield(nil, err)
				return
			}
			mac, _, single := strings.Cut(path.Base(name), "-")
			if !single {
				continue
			}
			if pbx.MAC(mac) != p.mac || len(p.names) == namesAtOnce {
				if len(p.names) > 0 && !yield(p, nil) {
					return
				}
				p = &pile{run: r, day: day, mac: pbx.MAC(mac)}
			}
			p.names = append(p.names, name)
		}
		if len(p.names) > 0 {
			yield(p, nil)
		}
	}
}

// pack packs the pile, some megabytes at a time.
func (p *pile) pack(ctx context.Context) error {
	for len(p.names) > 0 {
		if p.over() {
			p.done.More = true
			return nil
		}
		lines, err := p.read(ctx)
		if err == nil {
			err = p.settle(ctx, lines)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read takes names from the pile, and returns the lines of their objects, by ID.
func (p *pile) read(ctx context.Context) (map[string][]byte, error) {
	lines, size := map[string][]byte{}, 0
	for len(p.names) > 0 && size < p.full {
		names := p.names[:min(callsAtOnce, len(p.names))]
		objects := make([][]byte, len(names))
		err := sideBySide(names, func(i int, name string) (err error) {
			objects[i], err = p.bucket.Get(ctx, name)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // another run was faster
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		for i, object := range objects {
			size += len(object)
			p.take(lines, names[i], object)
		}
		p.names = p.names[len(names):]
	}
	return lines, nil
}

// take adds the line that is an object's, if it is the event that the name says.
func (p *pile) take(lines map[string][]byte, name string, object []byte) {
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
func (p *pile) settle(ctx context.Context, lines map[string][]byte) error {
	for range triesAtMost {
		room, err := p.sift(ctx, lines)
		if err != nil || len(lines) == 0 {
			return err
		}
		err = p.add(ctx, room, lines)
		if err != nil && !errors.Is(err, archive.ErrChanged) {
			return err
		}
		if err == nil {
			p.done.Written++
		}
	}
	return fmt.Errorf("%d events were written %d times, and are not there", len(lines), triesAtMost)
}

// sift reads the packed objects, and takes away the lines that are there, with their single
// objects. It returns the object that has room for the others.
func (p *pile) sift(ctx context.Context, lines map[string][]byte) (room *packed, err error) {
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
func (p *pile) drop(ctx context.Context, o *packed, lines map[string][]byte) error {
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
	err := sideBySide(there, func(_ int, id string) error { return p.bucket.Delete(ctx, folder+id+".json") })
	if err != nil {
		return err
	}
	for _, id := range there {
		delete(lines, id)
	}
	p.done.Events += len(there)
	return nil
}

// sideBySide does something with each text, some at a time. Its error is the first one.
func sideBySide(texts []string, do func(i int, text string) error) error {
	errs := make([]error, len(texts))
	slots := make(chan struct{}, callsAtOnce)
	var calls sync.WaitGroup
	for i, text := range texts {
		slots <- struct{}{}
		calls.Go(func() {
			defer func() { <-slots }()
			errs[i] = do(i, text)
		})
	}
	calls.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
