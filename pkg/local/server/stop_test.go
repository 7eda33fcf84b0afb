package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Connections whose bodies don't come are cut off, while complete requests are still being
// stored.
func TestAStopWaitsForWhatWasReadWholeAndForNoOther(t *testing.T) {
	t.Parallel()
	const stopWithin, slowly = 300 * time.Millisecond, time.Second
	data, a := t.TempDir(), &arrivals{read: map[string]bool{}}
	s := open(t, Config{Folder: data, StopWithin: stopWithin})
	endpoint, come := s.requests.next, make(chan bool, 10)
	a.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		come <- true
		if body, err := io.ReadAll(r.Body); err == nil {
			time.Sleep(slowly)
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		endpoint.ServeHTTP(w, r)
	})
	s.requests.next = a
	s.Serve()
	path := ownPath(t)
	for _, begin := range []string{
		"", "P", "POST " + path + " HTTP/1.1\r\nHost: pbx\r\n",
		"POST " + path + " HTTP/1.1\r\nHost: pbx\r\nContent-Length: 100\r\n\r\n",
		"POST " + path + " HTTP/1.1\r\nHost: pbx\r\nContent-Length: 100\r\n\r\n{event:",
		"POST " + path + " HTTP/1.1\r\nHost: pbx\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n",
		"POST " + path + " HTTP/1.1\r\nHost: pbx\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{even\r\n",
		pushes{path: path, uuids: []string{"0.0.0"}}.plain(0, "1.1", ""),
	} {
		fmt.Fprint(dial(t, s), begin)
	}
	for range 5 { // those that have sent all headers
		<-come
	}
	a.waitFor(1)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	began := time.Now()
	if err := s.Wait(ctx); err != nil {
		t.Errorf("it stopped with %v", err)
	}
	if took := time.Since(began); took < slowly/2 || took > slowly+5*time.Second {
		t.Errorf("it took %s", took)
	}
	if n := a.checkStored(t, data)[0]; n != 1 {
		t.Errorf("%d of 1 are stored", n)
	}
}

func TestNoRequestGetsInOnceTheStoresClose(t *testing.T) {
	t.Parallel()
	g := gate{next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it got in") })}
	g.close()
	w := httptest.NewRecorder()
	g.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, ownPath(t), nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("answer %d", w.Code)
	}
}

func dial(t *testing.T, s *Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
