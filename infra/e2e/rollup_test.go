//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"trunkline/infra/e2e/localcloud"
	"trunkline/infra/fleet"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/s3"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/token"
)

// rollupWorld is where the rollup function works.
type rollupWorld struct {
	localcloud.Cloud
	table, bucket, queue string
	store                *store.Store
	objects              archive.Bucket
}

func TestTheBuiltFunctionsTakeADayInAndRollItUp(t *testing.T) {
	cloud := localcloud.Open(t)
	w := &rollupWorld{Cloud: cloud, table: cloud.NewTable(t), bucket: cloud.NewBucket(t), queue: cloud.NewQueue(t)}
	w.store, w.objects = store.New(dynamo.New(cloud.DynamoDB, w.table), time.Now), s3.New(cloud.S3, w.bucket)
	w.takeIn(t)

	if answer := w.invoke(t, w.event(t, "schedule.json")); answer != "null" {
		t.Errorf("the schedule answers %s", answer)
	}
	tasks := w.messages(t)
	if !slices.Contains(tasks, `{"mac":"68692e0b0001","day":"2018-11-05"}`) {
		t.Errorf("the tasks are %q", tasks)
	}
	if answer := w.invoke(t, sqsEvent(t, append(tasks, "no task")...)); answer != `{"batchItemFailures":[{"itemIdentifier":"no task"}]}` {
		t.Errorf("the workers answer %s", answer)
	}
	w.checkVendorsDay(t)
	w.checkInSQL(t)

	before := w.header(t)
	if answer := w.invoke(t, sqsEvent(t, tasks...)); answer != `{"batchItemFailures":[]}` {
		t.Errorf("the workers answer %s when asked again", answer)
	}
	if after := w.header(t); after != before || after.Revision != 1 {
		t.Errorf("after a second run of the same records the header is %+v, before it was %+v", after, before)
	}
}

// takeIn posts the vendor's payloads and a day of a made-up PBX to the ingest function.
func (w *rollupWorld) takeIn(t *testing.T) {
	t.Helper()
	ring, err := token.ParseSecret([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	variables := w.variables()
	variables["FLEET_KEYS_SECRET"] = w.NewSecret(t, secret)
	base, out := startAPI(t, variables)
	door := ingesttest.Door{Base: base, Keys: ring}
	post := func(mac pbx.MAC, body []byte) {
		if status, answer := ingesttest.Post(t, door.URL(mac, 1), body); status != 200 {
			t.Fatalf("%d %s\n%s", status, answer, out)
		}
	}
	for _, p := range ingesttest.VendorPayloads(t) {
		post(p.MAC, p.Body)
	}
	first, err := pbx.ParseDay("2026-10-20")
	if err != nil {
		t.Fatal(err)
	}
	made := fleet.Config{Seed: 3, PBXs: 1, First: first, Days: 1, CallsPerDay: 12, Zones: []string{"Europe/Berlin"}}.All()[0]
	for e := range made.Events() {
		post(made.MAC, fleet.Body(e.Event, fleet.JSON))
	}
}

func (w *rollupWorld) variables() map[string]string {
	return map[string]string{
		"TABLE_NAME": w.table, "BUCKET_NAME": w.bucket, "QUEUE_URL": w.queue, "AWS_REGION": os.Getenv("AWS_REGION"),
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": os.Getenv("FUNCTION_ENDPOINT_URL"),
	}
}

func (w *rollupWorld) event(t *testing.T, name string) []byte {
	t.Helper()
	event, err := os.ReadFile(filepath.Join(repository, "events", name))
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// sqsEvent is an event of SQS with such messages, whose ids are their bodies.
func sqsEvent(t *testing.T, bodies ...string) []byte {
	t.Helper()
	var event struct{ Records []map[string]any }
	text, err := os.ReadFile(filepath.Join(repository, "events", "sqs_due.json"))
	if err == nil {
		err = json.Unmarshal(text, &event)
	}
	if err != nil {
		t.Fatal(err)
	}
	recorded := event.Records[0]
	event.Records = nil
	for _, body := range bodies {
		message := map[string]any{}
		for name, value := range recorded {
			message[name] = value
		}
		message["body"], message["messageId"] = body, body
		event.Records = append(event.Records, message)
	}
	text, err = json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// invoke runs the built rollup function on an event, and returns what it answers.
func (w *rollupWorld) invoke(t *testing.T, event []byte) string {
	t.Helper()
	folder := t.TempDir()
	settings, err := json.Marshal(map[string]any{"RollupFunction": w.variables()})
	for name, text := range map[string][]byte{"env.json": settings, "event.json": event} {
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), text, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	sam := exec.CommandContext(ctx, "sam", append([]string{"local", "invoke", "RollupFunction",
		"--event", filepath.Join(folder, "event.json"), "--env-vars", filepath.Join(folder, "env.json"),
		"--parameter-overrides", "Architecture=" + architecture}, strings.Fields(os.Getenv("SAM_LOCAL_FLAGS"))...)...)
	sam.Dir = repository
	var log bytes.Buffer
	sam.Stderr = &log
	answer, err := sam.Output()
	if err != nil {
		t.Fatalf("sam local invoke: %v\n%s", err, &log)
	}
	if t.Failed() {
		t.Log(log.String())
	}
	var compact bytes.Buffer // SAM CLI writes JSON anew
	if err := json.Compact(&compact, answer); err != nil {
		t.Errorf("the function answers %q: %v", answer, err)
	}
	return compact.String()
}

// messages takes all messages out of the queue, and returns their bodies.
func (w *rollupWorld) messages(t *testing.T) (bodies []string) {
	t.Helper()
	for {
		out, err := w.SQS.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &w.queue, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return bodies
		}
		for _, m := range out.Messages {
			bodies = append(bodies, *m.Body)
		}
	}
}

func (w *rollupWorld) header(t *testing.T) store.Header {
	t.Helper()
	day, _ := pbx.ParseDay("2018-11-05")
	header, err := w.store.Header(t.Context(), "68692e0b0001", day)
	if err != nil {
		t.Fatal(err)
	}
	return header
}

// checkVendorsDay checks the figures of the vendor's call record, in the table and as an
// operator sees them.
func (w *rollupWorld) checkVendorsDay(t *testing.T) {
	t.Helper()
	day, _ := pbx.ParseDay("2018-11-05")
	rows := 0
	for row, err := range w.store.Rows(t.Context(), "68692e0b0001", day) {
		if err != nil {
			t.Fatal(err)
		}
		rows++
		if row.Scope != store.ScopeQueue {
			continue
		}
		var q kpi.Queue
		if err := json.Unmarshal(row.Row, &q); err != nil {
			t.Fatal(err)
		}
		f := q.Figures(rollup.Thresholds(store.Device{}), kpi.Published{})
		if q.Queue != "630" || f.Offered != 1 || f.Abandoned != 1 || f.ShortAbandoned != 1 ||
			f.ServiceLevel.AnsweredAndAbandoned == nil || *f.ServiceLevel.AnsweredAndAbandoned != 0 || f.ServiceLevel.ExcludingShortAbandoned != nil {
			t.Errorf("queue row: %s", row.Row)
		}
	}
	if rows != 3 {
		t.Errorf("%d rows", rows)
	}
	got := pbxctl(t, "kpi", "--mac", "68692e0b0001", "--day", "2018-11-05", "--table", w.table, "--json")
	for _, want := range []string{`"offered":1`, `"abandoned":1`, `"short_abandoned":1`, `"answered_and_abandoned":0,"excluding_short_abandoned":null`} {
		if !strings.Contains(got, want) {
			t.Errorf("pbxctl kpi has no %s: %s", want, got)
		}
	}
	got = pbxctl(t, "kpi", "explain", "--mac", "68692e0b0001", "--day", "2018-11-05", "--queue", "630", "--figure", "abandoned", "--table", w.table)
	if !strings.Contains(got, "1541415929.807") {
		t.Errorf("pbxctl kpi explain: %s", got)
	}
}

// checkInSQL has DuckDB compute all figures from the raw archive, and compare them with the
// Parquet files.
func (w *rollupWorld) checkInSQL(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	for _, prefix := range []string{"raw/", "curated/"} {
		for name, err := range w.objects.List(t.Context(), prefix, "") {
			if err != nil {
				t.Fatal(err)
			}
			body, err := w.objects.Get(t.Context(), name)
			if err == nil {
				err = os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700)
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, name), body, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	verify := exec.CommandContext(t.Context(), "go", "run", ".", "--raw", filepath.Join(folder, "raw"), "--curated", filepath.Join(folder, "curated"))
	verify.Dir = filepath.Join(repository, "infra", "verify")
	out, err := verify.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("figures computed in SQL: %v", err)
	}
}
