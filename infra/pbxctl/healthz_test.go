package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
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

func TestHealthzReportsWhetherTheStoresCanBeWritten(t *testing.T) {
	t.Parallel()
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
