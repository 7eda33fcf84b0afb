package ingest_test

import (
	"context"
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/ingest"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden has the records of the vendor's payloads, which every endpoint must write.
const golden = "../../testdata/vendor/records.golden.jsonl"

// bodyTimeout is short, since a test waits for it.
const bodyTimeout = 2 * time.Second

func keys(t *testing.T) *token.Keyring {
	t.Helper()
	k, err := token.ParseKeys("k1:an-example-that-signs-no-real-urls-at-all")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// open serves the endpoint over embedded stores in a temporary folder.
func open(t *testing.T) ingesttest.Endpoint {
	t.Helper()
	folder := t.TempDir()
	table, err := sqlite.Open(t.Context(), filepath.Join(folder, "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := dir.Open(filepath.Join(folder, "archive"))
	if err != nil {
		t.Fatal(err)
	}
	records := store.New(table, time.Now)
	in := ingest.New(tokentest.Fixed(keys(t)), records, archive.NewDirect(bucket), bucket, time.Now)
	server := httptest.NewUnstartedServer(ingest.NewEndpoint(in, func(context.Context, ingest.Report) {}, time.Now))
	server.Config.ReadTimeout = bodyTimeout
	server.Start()
	t.Cleanup(func() {
		server.Close()
		table.Close()
		bucket.Close()
	})
	return ingesttest.Endpoint{Base: server.URL, Keys: keys(t), Store: records, Bucket: bucket, Golden: golden, BodyTimeout: bodyTimeout}
}

func TestEndpoint(t *testing.T) {
	d := open(t)
	if *update {
		for _, p := range ingesttest.VendorPayloads(t) {
			ingesttest.Post(t, d.URL(p.MAC, 1), p.Body)
		}
		records := ingesttest.Records(t, d.Store, "68692e050f9a", "68692e0b0001", "68692e038b3e")
		if err := os.WriteFile(golden, records, 0o644); err != nil {
			t.Fatal(err)
		}
		d = open(t)
	}
	ingesttest.Run(t, d)
}
