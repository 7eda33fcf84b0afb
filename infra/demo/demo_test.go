package demo

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

func TestTheExamplesAreAcceptedAndArchived(t *testing.T) {
	keys, err := token.ParseKeys("k1:anExampleThatSignsNoRealURLsAtAll0123456789")
	if err != nil {
		t.Fatal(err)
	}
	s, bucket := store.New(storetest.NewMemory(), time.Now), archivetest.NewMemory()
	in := ingest.New(tokentest.Fixed(keys), s, archive.NewDirect(bucket), bucket, time.Now)
	server := httptest.NewServer(ingest.NewEndpoint(in, func(context.Context, ingest.Report) {}, time.Now))
	defer server.Close()
	macs, err := Register(t.Context(), s)
	if err != nil || len(macs) != 3 {
		t.Fatalf("%q, %v", macs, err)
	}
	answers := 0
	err = Post(t.Context(), func(mac pbx.MAC) string { return keys.URL(server.URL, mac, 1) }, func(a Answer) {
		answers++
		if a.Status != "200 OK" || a.Example == "" || a.Body == "" {
			t.Errorf("%+v", a)
		}
	})
	if err != nil || answers != 6 {
		t.Errorf("%d answers, %v", answers, err)
	}
	total, names, err := Archived(t.Context(), bucket)
	if err != nil || total != 6 || len(names) != 6 {
		t.Errorf("%d archived, %q, %v", total, names, err)
	}
}

func TestAnErrorOfAPostShowsNoURL(t *testing.T) {
	for _, url := range []string{"http://127.0.0.1:1/secret", "http://127.0.0.1:1/secret\x00"} {
		err := Post(t.Context(), func(pbx.MAC) string { return url }, func(Answer) { t.Error(http.StatusOK) })
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
	}
}
