package ingest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/ingest"
)

func TestAPBXIsAnsweredThoughTheLogStalls(t *testing.T) {
	goOn := make(chan bool)
	b := &backend{}
	in := ingest.New(nil, records{b}, archive.NewDirect(archived{backend: b}), archived{backend: b}, time.Now)
	server := httptest.NewServer(ingest.NewEndpoint(in, func(context.Context, ingest.Report) { <-goOn }, time.Now))
	defer server.Close()
	defer close(goOn)
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Post(server.URL+"/elsewhere", "", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNotFound || response.ContentLength <= 0 {
		t.Errorf("answer %d with %d bytes", response.StatusCode, response.ContentLength)
	}
}
