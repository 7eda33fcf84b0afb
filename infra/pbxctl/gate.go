package main

import (
	"net/http"
	"sync"
)

// gate lets requests through to a handler until it is closed. The web server can't tell when
// all of them have ended: to it, a connection is idle whose next request came along with
// the one before.
type gate struct {
	next   http.Handler
	inside sync.RWMutex // held for reading by each request
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.inside.TryRLock() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer g.inside.RUnlock()
	g.next.ServeHTTP(w, r)
}

// close returns when the last request inside has ended. No further one gets in.
func (g *gate) close() { g.inside.Lock() }
