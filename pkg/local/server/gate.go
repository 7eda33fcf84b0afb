package server

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"trunkline/pkg/retry"
)

// gate passes requests to a handler until it is closed. After a web server has cut its
// connections off, it does not wait for their requests to end: the gate does.
type gate struct {
	next   http.Handler
	inside sync.RWMutex // held for reading by each request

	connections atomic.Int64
	closing     atomic.Bool // each answer is the last on its connection
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

// drain closes each connection after its next answer. It returns when all are closed, or after a
// time. A client about to send on an idle connection would otherwise see a reset.
func (g *gate) drain(within time.Duration) {
	g.closing.Store(true)
	ctx, done := context.WithTimeout(context.Background(), within)
	defer done()
	for g.connections.Load() > 0 && retry.Wait(ctx, 5*time.Millisecond) == nil {
	}
}

// close returns when the last request inside has ended. It admits no further one.
func (g *gate) close() { g.inside.Lock() }
