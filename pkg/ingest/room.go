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
	// roomForAll limits the bytes of all bodies that are being received. roomForOne limits those
	// of one PBX, so that it can't keep the others out.
	roomForAll = 64 << 20
	roomForOne = 8 << 20
	// smallBody is the size in bytes from which a body needs room. Nearly every single event is
	// smaller.
	smallBody = 8 << 10
	// roomWithin is how long a larger body waits for room.
	roomWithin = 2 * time.Second
)

// errNoRoom is returned for a body that found no room in time.
var errNoRoom = errors.New("the bodies of too many deliveries are on their way")

// room limits the memory of bodies that are being received. It is safe for concurrent use.
type room struct {
	mu    sync.Mutex
	taken int
	of    map[pbx.MAC]int
	freed chan struct{} // closed when room is released
}

func newRoom() *room { return &room{of: map[pbx.MAC]int{}, freed: make(chan struct{})} }

// read reads a body of at most declared bytes; declared is -1 if the length is unknown. more is
// how many bytes decompression may add. read takes the room once, for the whole body, and only
// if the body is not small. So no body waits while it holds room. The caller must call free,
// which releases the room, even after an error.
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
	free = func() { r.release(mac, need) }
	if isSmall {
		return all, free, nil
	}
	whole := make([]byte, len(all), sizeOf(declared)+1) // one byte more, to see the end
	copy(whole, all)
	all, err = readInto(whole, body)
	return all, free, err
}

// sizeOf returns how many bytes of room a body takes.
func sizeOf(declared int64) int {
	if declared < 0 || declared > zycoo.MaxBody {
		return zycoo.MaxBody
	}
	return max(int(declared), smallBody)
}

// readInto reads the rest of a body into the capacity of all.
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
	return all, io.ErrUnexpectedEOF // longer than declared: servers prevent that
}

// take waits for room, at most roomWithin.
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

// try takes room if there is enough. Otherwise it returns a channel that is closed when room is
// released.
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

func (r *room) release(mac pbx.MAC, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken -= n
	if r.of[mac] -= n; r.of[mac] == 0 {
		delete(r.of, mac)
	}
	close(r.freed)
	r.freed = make(chan struct{})
}
