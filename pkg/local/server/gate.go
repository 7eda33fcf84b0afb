package server

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// gate lets requests through to a handler until it is closed. A web server that has cut its
// connections off does not wait for their requests to end: the gate does.
type gate struct {
	next   http.Handler
	inside sync.RWMutex // held for reading by each request

	connections atomic.Int64
	closing     atomic.Bool // each answer is the last of its connection
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.inside.TryRLock() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer g.inside.RUnlock()
	if g.closing.Load() {
		w.Header().Set("Connection", "close")
	}
	g.next.ServeHTTP(w, r)
}

// count counts the connections that are open. It is an http.Server's ConnState.
func (g *gate) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		g.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		g.connections.Add(-1)
	}
}

// letGo has each connection closed after its next answer, and returns when all are, or after a
// time. Who is about to send on one that is idle would hear that it was reset.
func (g *gate) letGo(within time.Duration) {
	g.closing.Store(true)
	ctx, done := context.WithTimeout(context.Background(), within)
	defer done()
	for g.connections.Load() > 0 && sleep(ctx, 5*time.Millisecond) == nil {
	}
}

// close returns when the last request inside has ended. No further one gets in.
func (g *gate) close() { g.inside.Lock() }
