package ingest

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
)

const (
	// roomForAll is how many bytes of bodies are on their way at once at the most, and
	// roomForOne how many of one PBX: so one PBX keeps nobody else out.
	roomForAll = 64 << 20
	roomForOne = 8 << 20
	// smallBody is the size in bytes of bodies that need no room. Nearly every event that a PBX
	// sends alone is smaller.
	smallBody = 8 << 10
	// roomWithin is how long a larger body waits for room.
	roomWithin = 2 * time.Second
)

// errNoRoom is the error of a body that found no room.
var errNoRoom = errors.New("the bodies of too many deliveries are on their way")

// room is what bodies on their way may take together. It is safe for concurrent use.
type room struct {
	mu    sync.Mutex
	taken int
	of    map[pbx.MAC]int
	freed chan struct{} // closed when something is given back
}

func newRoom() *room { return &room{of: map[pbx.MAC]int{}, freed: make(chan struct{})} }

// read reads a body of at most declared bytes, -1 where nothing is declared, and more bytes
// that it will be once it is read. Room is taken once, for all of it, and only when it turns
// out to be no small body: so nobody waits who keeps others waiting. What was taken is given
// back by free, whatever the error.
func (r *room) read(ctx context.Context, mac pbx.MAC, body io.Reader, declared int64, more int) (all []byte, free func(), err error) {
	all, err = io.ReadAll(io.LimitReader(body, smallBody))
	isSmall := len(all) < smallBody
	need := more
	if !isSmall {
		need += sizeOf(declared)
	}
	if err != nil || need == 0 {
		return all, func() {}, err
	}
	if err := r.take(ctx, mac, need); err != nil {
		return nil, func() {}, err
	}
	free = func() { r.give(mac, need) }
	if isSmall {
		return all, free, nil
	}
	whole := make([]byte, len(all), sizeOf(declared)+1) // with a byte more, the end is seen
	copy(whole, all)
	all, err = readInto(whole, body)
	return all, free, err
}

// sizeOf is the size in bytes for which room is taken.
func sizeOf(declared int64) int {
	if declared < 0 || declared > zycoo.MaxBody {
		return zycoo.MaxBody
	}
	return max(int(declared), smallBody)
}

// readInto appends a body to what was read of it, and takes no other memory.
func readInto(all []byte, body io.Reader) ([]byte, error) {
	for len(all) < cap(all) {
		n, err := body.Read(all[len(all):cap(all)])
		all = all[:len(all)+n]
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
	return all, io.ErrUnexpectedEOF // longer than declared: no server lets that happen
}

// take waits for room, as long as a delivery may.
func (r *room) take(ctx context.Context, mac pbx.MAC, n int) error {
	ctx, cancel := context.WithTimeout(ctx, roomWithin)
	defer cancel()
	for {
		freed, ok := r.try(mac, n)
		if ok {
			return nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return errNoRoom
		}
	}
}

// try takes room where there is any. Where there is none, it returns what tells that something
// was given back.
func (r *room) try(mac pbx.MAC, n int) (freed <-chan struct{}, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken+n > roomForAll || r.of[mac]+n > roomForOne {
		return r.freed, false
	}
	r.taken += n
	r.of[mac] += n
	return nil, true
}

func (r *room) give(mac pbx.MAC, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken -= n
	if r.of[mac] -= n; r.of[mac] == 0 {
		delete(r.of, mac)
	}
	close(r.freed)
	r.freed = make(chan struct{})
}
