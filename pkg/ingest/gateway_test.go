package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trunkline/events"
	"trunkline/pkg/apigw"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/ingest"
	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
	"trunkline/pkg/telemetry"
	"trunkline/pkg/token/tokentest"
)

// TestEventsOfAPIGatewayAreStored sends events as AWS sends them through all parts of the
// function. The local stand-in for API Gateway can't send some of them.
func TestEventsOfAPIGatewayAreStored(t *testing.T) {
	tests := map[string]struct {
		status          int
		raw, quarantine int
		records         string // a part of a record
	}{
		"apigw_cc_cdr.json":         {200, 1, 0, `"uuid":"1541415929.807"`},
		"apigw_form_literal.json":   {200, 1, 0, ""},
		"apigw_form_fields.json":    {200, 1, 0, `"caller":"+8685322361"`},
		"apigw_gbk.json":            {200, 1, 0, `"ivr_name":"工作时间欢迎"`},
		"apigw_gzip.json":           {200, 1, 0, `"uuid":"1541415929.807"`},
		"apigw_array.json":          {200, 2, 0, `"exten":"801"`},
		"apigw_empty.json":          {400, 0, 1, ""},
		"apigw_cookies.json":        {200, 1, 0, ""},
		"apigw_double_slash.json":   {404, 0, 0, ""},
		"apigw_trailing_slash.json": {404, 0, 0, ""},
		"apigw_decoded_path.json":   {401, 0, 0, ""},
		"apigw_get.json":            {200, 0, 0, ""},
		"apigw_bad_base64.json":     {400, 0, 0, ""},
	}
	names, err := fs.Glob(events.FS, "apigw_*.json")
	if err != nil || len(names) != len(tests) {
		t.Errorf("%d events for %d rows, %v", len(names), len(tests), err)
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			status, bucket, records := invoke(t, name)
			count := func(prefix string) (n int) {
				for _, err := range bucket.List(t.Context(), prefix, "") {
					if err != nil {
						t.Fatal(err)
					}
					n++
				}
				return n
			}
			if raw, quarantine := count("raw/"), count("quarantine/"); status != want.status || raw != want.raw || quarantine != want.quarantine {
				t.Errorf("answer %d, %d archived, %d quarantined, want %+v", status, raw, quarantine, want)
			}
			if !strings.Contains(records, want.records) {
				t.Errorf("records\n%swant %s", records, want.records)
			}
		})
	}
}

// invoke sends an event with a valid token to the function's parts over embedded stores.
// Neither the answer nor the log may have the token.
func invoke(t *testing.T, name string) (status int, bucket *dir.Bucket, records string) {
	t.Helper()
	secret := keys(t).Sign(mac, 1).Reveal()
	text, err := events.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var event apigw.Request
	if err := json.Unmarshal(bytes.ReplaceAll(text, []byte("TOKEN"), []byte(secret)), &event); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	table, err := sqlite.Open(t.Context(), filepath.Join(folder, "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	if bucket, err = dir.Open(filepath.Join(folder, "archive")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	s := store.New(table, time.Now)
	var log bytes.Buffer
	in := ingest.New(tokentest.Fixed(keys(t)), s, archive.NewDirect(bucket), bucket, time.Now)
	answer, err := apigw.Handler(ingest.NewEndpoint(in, telemetry.DeliveryMetrics(&log, "Trunkline", true, time.Now), time.Now))(context.Background(), event)
	if err != nil {
		t.Fatal(err)
	}
	if said := answer.Body + log.String(); strings.Contains(said, secret) || strings.Contains(said, secret[5:]) {
		t.Errorf("the token is in %s", said)
	}
	var out strings.Builder
	for item, err := range table.Query(t.Context(), store.Range{PK: string(mac)}) {
		if err != nil {
			t.Fatal(err)
		}
		out.Write(item.Doc)
		out.WriteByte('\n')
	}
	return answer.StatusCode, bucket, out.String()
}
