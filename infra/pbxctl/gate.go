package main

import (
	"net/http"
	"sync"
)

// gate lets requests through to a handler until it is closed. A web server that has cut its
// connections off does not wait for their requests to end: the gate does.
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
