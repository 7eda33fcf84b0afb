package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// healthOf is what a server answers on a method and path.
func healthOf(t *testing.T, base, method, path string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

func TestAServerTellsWhetherItsStoresCanBeWritten(t *testing.T) {
	s := serve(t, t.TempDir())
	for range 2 {
		if status, body := healthOf(t, s.base, http.MethodGet, "/healthz"); status != 200 || body != "{\"status\":\"ok\"}\n" {
			t.Errorf("%d %s", status, body)
		}
	}
	if status, body := healthOf(t, s.base, http.MethodHead, "/healthz"); status != 200 || body != "" {
		t.Errorf("HEAD: %d %s", status, body)
	}
	for _, other := range []string{"/healthz/", "/Healthz"} {
		if status, _ := healthOf(t, s.base, http.MethodGet, other); status != 404 {
			t.Errorf("%s: %d", other, status)
		}
	}
	if status, _ := healthOf(t, s.base, http.MethodPost, "/healthz"); status != 404 {
		t.Errorf("POST: %d", status)
	}
	if left, err := os.ReadDir(filepath.Join(s.data, "archive", "healthz")); err == nil && len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
	s.stop(t)
}

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
