package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAStoreThatCannotBeWrittenIsNamedAndTriedAgain(t *testing.T) {
	const secret = "/var/lib/trunkline"
	now, full, tries := time.Now(), errors.New("write "+secret+": no space left on device"), 0
	var log strings.Builder
	broken := true
	h := &health{next: http.NotFoundHandler(), log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }, stores: []writableStore{
		{"the records", func(context.Context) error { return nil }},
		{"the archive", func(context.Context) error {
			if tries++; broken {
				return full
			}
			return nil
		}},
	}}
	ask := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
		return w
	}
	for range 10 {
		if w := ask(); w.Code != 503 || !strings.Contains(w.Body.String(), "the archive can't be written") || strings.Contains(w.Body.String(), secret) ||
			strings.Contains(w.Body.String(), "records") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if tries != 1 || strings.Count(log.String(), "no space left") != 1 {
		t.Errorf("tried %d times, logged\n%s", tries, &log)
	}
	broken, now = false, now.Add(healthFor)
	if w := ask(); w.Code != 200 || tries != 2 {
		t.Errorf("%d %s after %d tries", w.Code, w.Body, tries)
	}
}
