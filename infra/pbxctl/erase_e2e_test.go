//go:build e2e

package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"trunkline/infra/e2e/localcloud"
	"trunkline/pkg/archive"
	"trunkline/pkg/cloud/stack"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

func TestErasureOverLocalStack(t *testing.T) {
	cloud := localcloud.Open(t)
	table, bucket := cloud.NewTable(t), cloud.NewBucket(t)
	records, err := stack.Table(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := stack.Bucket(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.ParseKeys(fleetKeys)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC) }
	in := ingest.New(tokentest.Fixed(keys), store.New(records, clock), archive.NewDirect(objects), objects, clock)
	const mac = pbx.MAC("68692e0b0001")
	for _, body := range []string{
		"{event:'cc_cdr', uuid:'1795161600.1', queueCode:'630', agentCode:'801', startTime:'2026-11-20 08:00:00', caller:'+4915112345678', callType:'IN', cdrState:'bridged', talkingTime:60}",
		"{event:'extensionstatus', exten:'4915112345678', statustext:'Idle'}",
	} {
		if r := in.Receive(t.Context(), ingest.Admission{MAC: mac}, ingest.Delivery{Body: []byte(body)}); r.Err != nil || r.Outcome != ingest.Stored {
			t.Fatal(r.Outcome, r.Err)
		}
	}
	place := []string{"--table", table, "--bucket", bucket}
	if out, code := examine(t, nil, time.Now, append([]string{"rollup", "--all", "--day", "2026-11-20.."}, place...)...); code != 0 {
		t.Fatal(out)
	}
	if all := everything(t, records, objects, mac); strings.Count(all, "4915112345678") < 4 {
		t.Fatalf("the number is hardly there: %s", all)
	}
	out, code := examine(t, nil, time.Now, append([]string{"erase", "--number", "4915112345678", "--yes"}, place...)...)
	if code != 0 || !strings.Contains(out, "point-in-time recovery") {
		t.Errorf("exit %d: %s", code, out)
	}
	if all := everything(t, records, objects, mac); strings.Contains(all, "4915112345678") {
		t.Errorf("the number is in %s", all)
	}
	if out, code := examine(t, nil, time.Now, append([]string{"erase", "--number", "4915112345678", "--dry-run"}, place...)...); code != 0 || !strings.Contains(out, "The number is nowhere.") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// everything is what the stores have of a PBX, but for Parquet files.
func everything(t *testing.T, table store.Table, bucket archive.Bucket, mac pbx.MAC) string {
	t.Helper()
	var all strings.Builder
	for item, err := range table.Query(context.Background(), store.Range{PK: string(mac)}) {
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(item.SK + " " + string(item.Doc) + "\n")
	}
	for name, err := range bucket.List(context.Background(), "", "") {
		body, getErr := bucket.Get(context.Background(), name)
		if err != nil || getErr != nil {
			t.Fatal(err, getErr)
		}
		all.WriteString(name + " " + string(body) + "\n")
	}
	return all.String()
}
