//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/parquet-go/parquet-go"

	"trunkline/events"
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

// vendors is the day of the vendor's example of a call record.
var vendors = rollup.Task{MAC: "68692e0b0001", Day: pbx.DayOf(time.Date(2018, 11, 5, 0, 0, 0, 0, time.UTC))}

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

	if answer, lines := w.invoke(t, recorded(t, "schedule.json")); answer != "null" {
		t.Errorf("the schedule answers %s\n%s", answer, lines)
	}
	tasks := w.messages(t)
	if !slices.Contains(tasks, `{"mac":"68692e0b0001","day":"2018-11-05"}`) {
		t.Errorf("the tasks are %q", tasks)
	}
	answer, lines := w.invoke(t, sqsEvent(t, append(tasks, "no task")...))
	if answer != `{"batchItemFailures":[{"itemIdentifier":"no task"}]}` {
		t.Errorf("the workers answer %s\n%s", answer, lines)
	}
	w.checkVendorsDay(t)
	w.checkInSQL(t)
	w.checkAgain(t, tasks)

	if answer, _ := w.invoke(t, []byte(`{"detail-type":"Scheduled Event"}`)); !strings.Contains(answer, `"errorMessage":`) {
		t.Errorf("an event that is none of the function's: %s", answer)
	}
}

// takeIn posts the vendor's payloads and a day of a made-up PBX to the ingest function.
func (w *rollupWorld) takeIn(t *testing.T) {
	t.Helper()
	ring, err := token.ParseSecret([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	base, out := startAPI(t, settings(map[string]string{
		"TABLE_NAME": w.table, "BUCKET_NAME": w.bucket, "FLEET_KEYS_SECRET": w.NewSecret(t, secret),
	}))
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

// recorded is an event as AWS sends it.
func recorded(t *testing.T, name string) []byte {
	t.Helper()
	event, err := events.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// sqsEvent is an event of SQS with such messages, whose ids are their bodies.
func sqsEvent(t *testing.T, bodies ...string) []byte {
	t.Helper()
	var event struct{ Records []map[string]any }
	if err := json.Unmarshal(recorded(t, "sqs_due.json"), &event); err != nil {
		t.Fatal(err)
	}
	example := event.Records[0]
	event.Records = nil
	for _, body := range bodies {
		message := maps.Clone(example)
		message["body"], message["messageId"] = body, body
		event.Records = append(event.Records, message)
	}
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// invoke runs the built rollup function on an event, and returns what it answers and logs.
func (w *rollupWorld) invoke(t *testing.T, event []byte) (answer, lines string) {
	t.Helper()
	variables := settings(map[string]string{"TABLE_NAME": w.table, "BUCKET_NAME": w.bucket, "QUEUE_URL": w.queue})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	sam := samLocal(ctx, t, "RollupFunction", variables, "invoke", "RollupFunction", "--event", write(t, "event.json", event))
	var log, compact bytes.Buffer
	sam.Stderr = &log
	out, err := sam.Output()
	if err == nil {
		err = json.Compact(&compact, out) // SAM CLI writes JSON anew
	}
	if err != nil {
		t.Fatalf("sam local invoke: %v: %s\n%s", err, out, &log)
	}
	return compact.String(), log.String()
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

// figures are some of a queue's row, in every form in which it is published.
type figures struct {
	Queue          string   `parquet:"queue"`
	Offered        int64    `parquet:"offered"`
	Abandoned      int64    `parquet:"abandoned"`
	ShortAbandoned int64    `parquet:"short_abandoned"`
	ServiceLevel   *float64 `parquet:"service_level,optional"`
	ExcludingShort *float64 `parquet:"service_level_excluding_short_abandoned,optional"`
}

func figuresOf(q kpi.QueueFigures) figures {
	level := q.ServiceLevel
	return figures{q.Queue, q.Offered, q.Abandoned, q.ShortAbandoned, level.AnsweredAndAbandoned, level.ExcludingShortAbandoned}
}

// checkVendorsDay checks the figures of the vendor's call record: in the table, in Parquet,
// and as an operator sees them. Its caller gave up so soon that one of two service levels
// has nothing to divide by.
func (w *rollupWorld) checkVendorsDay(t *testing.T) {
	t.Helper()
	want := []figures{{Queue: "630", Offered: 1, Abandoned: 1, ShortAbandoned: 1, ServiceLevel: new(float64)}}
	for where, got := range map[string][]figures{"DynamoDB": w.inTable(t), "Parquet": w.inParquet(t), "pbxctl kpi": w.inPbxctl(t)} {
		if !reflect.DeepEqual(got, want) {
			text, _ := json.Marshal(got)
			t.Errorf("%s: %s", where, text)
		}
	}
	calls := pbxctl(t, "kpi", "explain", "--mac", "68692e0b0001", "--day", "2018-11-05",
		"--queue", "630", "--figure", "abandoned", "--table", w.table)
	if !strings.Contains(calls, "1541415929.807") {
		t.Errorf("pbxctl kpi explain: %s", calls)
	}
}

func (w *rollupWorld) inTable(t *testing.T) (found []figures) {
	t.Helper()
	rows := 0
	for row, err := range w.store.Rows(t.Context(), vendors.MAC, vendors.Day) {
		rows++
		var q kpi.Queue
		if err == nil && row.Scope == store.ScopeQueue {
			err = json.Unmarshal(row.Row, &q)
			found = append(found, figuresOf(q.Figures(rollup.Thresholds(store.Device{}), kpi.Published{})))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if rows != 3 {
		t.Errorf("DynamoDB: %d rows, not those of the PBX, its queue and its agent", rows)
	}
	return found
}

func (w *rollupWorld) inParquet(t *testing.T) []figures {
	t.Helper()
	file, err := w.objects.Get(t.Context(), "curated/queue_kpi/dt=2018-11-05/68692e0b0001.parquet")
	if err != nil {
		t.Fatal(err)
	}
	found, err := parquet.Read[figures](bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (w *rollupWorld) inPbxctl(t *testing.T) []figures {
	t.Helper()
	text := pbxctl(t, "kpi", "--mac", "68692e0b0001", "--day", "2018-11-05", "--table", w.table, "--json")
	var q kpi.QueueFigures
	if err := json.Unmarshal([]byte(text), &q); err != nil {
		t.Fatalf("pbxctl kpi: %v: %s", err, text)
	}
	return []figures{figuresOf(q)}
}

// checkAgain has the same days computed again, which must publish nothing.
func (w *rollupWorld) checkAgain(t *testing.T, tasks []string) {
	t.Helper()
	before := w.header(t)
	answer, lines := w.invoke(t, sqsEvent(t, tasks...))
	if answer != `{"batchItemFailures":[]}` || strings.Contains(lines, `"result":"published"`) ||
		!strings.Contains(lines, `"mac":"68692e0b0001","day":"2018-11-05","result":"unchanged"`) {
		t.Errorf("the workers answer %s when asked again\n%s", answer, lines)
	}
	if after := w.header(t); after != before || after.Revision != 1 {
		t.Errorf("after a second run of the same records the header is %+v, before it was %+v", after, before)
	}
}

func (w *rollupWorld) header(t *testing.T) store.Header {
	t.Helper()
	header, err := w.store.Header(t.Context(), vendors.MAC, vendors.Day)
	if err != nil {
		t.Fatal(err)
	}
	return header
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
