package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/problem"
)

const (
	healthPath   = "/healthz"
	healthFor    = 5 * time.Second // how long an answer is repeated: anybody may ask
	healthWithin = 2 * time.Second // timeout of each store
)

// health answers GET /healthz: 200 if both stores can be written, else 503 with the names of
// those that can't. It is safe for concurrent use.
type health struct {
	next   http.Handler // for all other paths
	stores []writableStore
	log    *slog.Logger
	now    func() time.Time
	mu     sync.Mutex
	until  time.Time
	failed []string
}

// writableStore is a store that is checked by a write that leaves nothing.
type writableStore struct {
	name  string
	write func(context.Context) error
}

// health returns a handler that checks the server's stores, and passes all other requests on.
func (s *Server) health(next http.Handler) *health {
	return &health{next: next, log: s.Log, now: s.Now, stores: []writableStore{
		{"the records", s.Store.Ping},
		{"the archive", func(ctx context.Context) error { return tryBucket(ctx, s.Bucket) }},
	}}
}

// tryBucket writes an object, and deletes it.
func tryBucket(ctx context.Context, b archive.Bucket) error {
	const name = "healthz/written"
	if err := b.Put(ctx, name, []byte("{}\n")); err != nil {
		return err
	}
	return b.Delete(ctx, name)
}

// ServeHTTP implements http.Handler.
func (h *health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != healthPath || r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.next.ServeHTTP(w, r)
		return
	}
	if failed := h.check(context.WithoutCancel(r.Context())); len(failed) > 0 {
		problem.Write(w, problem.Problem{Title: "Not all stores can be written", Status: http.StatusServiceUnavailable,
			Detail: strings.Join(failed, " and ") + " can't be written. The server's log has why; pbxctl doctor says what to do."})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(map[string]string{"status": "ok"}) // if it fails, the client has disconnected
}

// check tries the stores, unless it did so a moment ago. It returns the names of those that can't
// be written.
func (h *health) check(ctx context.Context) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now().Before(h.until) {
		return h.failed
	}
	h.failed = nil
	for _, s := range h.stores {
		if err := within(ctx, healthWithin, s.write); err != nil {
			h.failed = append(h.failed, s.name)
			h.log.Error("health", "store", s.name, "error", err)
		}
	}
	h.until = h.now().Add(healthFor)
	return h.failed
}

func within(ctx context.Context, limit time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx)
}
