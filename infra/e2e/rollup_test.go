//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/parquet-go/parquet-go"

	"trunkline/events"
	"trunkline/infra/fleet"
	"trunkline/pkg/archive"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

// vendors is the day of the vendor's example of a call record.
var vendors = rollup.Task{MAC: "68692e0b0001", Day: pbx.DayOf(time.Date(2018, 11, 5, 0, 0, 0, 0, time.UTC))}

// testRollup has the schedule mark days that have closed, and workers compute them.
func (w *world) testRollup(t *testing.T) {
	w.takeIn(t)
	readable, broken := w.refuse(t, "{event:'hangup', uniqueid:'1.1'}"), w.refuse(t, "{broken")
	undelivered := w.failDelivery(t)
	if answer, lines := w.rollup.invoke(t, recorded(t, "schedule.json")); answer != "null" {
		t.Errorf("the schedule answers %s\n%s", answer, lines)
	}
	w.checkDelivered(t, undelivered)
	w.checkRetried(t, readable, broken)
	tasks := w.messages(t)
	if !slices.Contains(tasks, `{"mac":"68692e0b0001","day":"2018-11-05"}`) {
		t.Errorf("the tasks are %q", tasks)
	}
	answer, lines := w.rollup.invoke(t, sqsEvent(t, append(tasks, "no task")...))
	if answer != `{"batchItemFailures":[{"itemIdentifier":"no task"}]}` {
		t.Errorf("the workers answer %s\n%s", answer, lines)
	}
	w.checkVendorsDay(t)
	w.checkInSQL(t)
	w.checkAgain(t, tasks)

	if answer, _ := w.rollup.invoke(t, []byte(`{"detail-type":"Scheduled Event"}`)); !strings.Contains(answer, `"errorMessage":`) {
		t.Errorf("an event of no kind that the function handles: %s", answer)
	}
}

// takeIn posts a day of a made-up PBX to the ingest function.
func (w *world) takeIn(t *testing.T) {
	t.Helper()
	first, err := pbx.ParseDay("2026-10-20")
	if err != nil {
		t.Fatal(err)
	}
	made := fleet.Config{Seed: 3, PBXs: 1, First: first, Days: 1, CallsPerDay: 12, Zones: []string{"Europe/Berlin"}}.All()[0]
	for e := range made.Events() {
		if status, answer := ingesttest.Post(t, w.endpoint().URL(made.MAC, 1), fleet.Body(e.Event, fleet.JSON)); status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
	}
}

// refuse puts a body in quarantine as the first version of the decoder did, and returns the
// object's name.
func (w *world) refuse(t *testing.T, body string) string {
	t.Helper()
	e := archive.Envelope{MAC: "0200000000af", Received: time.Now(), Reason: "line 1, column 1: no", Body: []byte(body)}
	if err := archive.Keep(t.Context(), w.objects, e); err != nil {
		t.Fatal(err)
	}
	return e.Name()
}

// checkRetried checks that of two refused events the one was taken in, and the other is refused
// by the decoder of now.
func (w *world) checkRetried(t *testing.T, readable, broken string) {
	t.Helper()
	day := strings.Split(readable, "/")[1]
	if _, err := w.objects.Get(t.Context(), "raw/kind=hangup/"+day+"/"+path.Base(readable)); err != nil {
		t.Errorf("what can be read now is not in the archive: %v", err)
	}
	if _, err := w.objects.Get(t.Context(), readable); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is in quarantine still: %v", err)
	}
	if receipt, err := archive.ParseReceipt(w.read(t, broken)); err != nil || receipt.Decoder != zycoo.Version {
		t.Errorf("what can't be read is %+v, %v", receipt, err)
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

// messages takes all messages out of the queue, and returns their bodies.
func (w *world) messages(t *testing.T) (bodies []string) {
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

// redrive runs the schedule, and has each job of redriving that it enqueued done by itself.
func (w *world) redrive(t *testing.T) {
	t.Helper()
	if answer, lines := w.rollup.invoke(t, recorded(t, "schedule.json")); answer != "null" {
		t.Errorf("the schedule answers %s\n%s", answer, lines)
	}
	w.doRedriveJobs(t)
}

func (w *world) doRedriveJobs(t *testing.T) {
	t.Helper()
	for _, body := range w.messages(t) {
		if !strings.Contains(body, `"redrive"`) {
			continue
		}
		if answer, lines := w.rollup.invoke(t, sqsEvent(t, body)); answer != `{"batchItemFailures":[]}` {
			t.Errorf("%s: the worker answers %s\n%s", body, answer, lines)
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
func (w *world) checkVendorsDay(t *testing.T) {
	t.Helper()
	want := []figures{{Queue: "630", Offered: 1, Abandoned: 1, ShortAbandoned: 1, ServiceLevel: new(float64)}}
	for where, got := range map[string][]figures{"DynamoDB": w.inTable(t), "Parquet": w.inParquet(t), "pbxctl kpi": w.inPbxctl(t)} {
		if !reflect.DeepEqual(got, want) {
			text, _ := json.Marshal(got)
			t.Errorf("%s: %s", where, text)
		}
	}
	calls := pbxctl(t, "kpi", "explain", "68692e0b0001", "--day", "2018-11-05",
		"--queue", "630", "--figure", "abandoned", "--table", w.table)
	if !strings.Contains(calls, "1541415929.807") {
		t.Errorf("pbxctl kpi explain: %s", calls)
	}
}

func (w *world) inTable(t *testing.T) (found []figures) {
	t.Helper()
	rows := 0
	for row, err := range w.store.Figures().Rows(t.Context(), vendors.MAC, vendors.Day) {
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

func (w *world) inParquet(t *testing.T) []figures {
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

func (w *world) inPbxctl(t *testing.T) []figures {
	t.Helper()
	text := pbxctl(t, "kpi", "68692e0b0001", "--day", "2018-11-05", "--table", w.table, "--json")
	var q kpi.QueueFigures
	if err := json.Unmarshal([]byte(text), &q); err != nil {
		t.Fatalf("pbxctl kpi: %v: %s", err, text)
	}
	return []figures{figuresOf(q)}
}

// checkAgain has the same days computed again, which must publish nothing.
func (w *world) checkAgain(t *testing.T, tasks []string) {
	t.Helper()
	before := w.header(t)
	answer, lines := w.rollup.invoke(t, sqsEvent(t, tasks...))
	if answer != `{"batchItemFailures":[]}` || strings.Contains(lines, `"result":"published"`) ||
		!strings.Contains(lines, `"mac":"68692e0b0001","day":"2018-11-05","result":"unchanged"`) {
		t.Errorf("the workers answer %s when asked again\n%s", answer, lines)
	}
	if after := w.header(t); after != before || after.Revision != 1 {
		t.Errorf("after a second run of the same records the header is %+v, before it was %+v", after, before)
	}
}

func (w *world) header(t *testing.T) store.Header {
	t.Helper()
	header, err := w.store.Figures().Header(t.Context(), vendors.MAC, vendors.Day)
	if err != nil {
		t.Fatal(err)
	}
	return header
}

// checkInSQL has DuckDB compute all figures from the raw archive, and compare them with the
// Parquet files.
func (w *world) checkInSQL(t *testing.T) {
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
	// The logins of the PBX of software v4 are of today, which has not closed.
	last := pbx.UTCDay(time.Now()) - 1
	settings := write(t, "settings.csv", fmt.Appendf(nil, "mac,t,s,talk_includes_hold,zone\n%s,20,10,false,%s\n", ingesttest.V4, ingesttest.V4Zone))
	verify := exec.CommandContext(t.Context(), "go", "run", ".", "--raw", filepath.Join(folder, "raw"), "--curated", filepath.Join(folder, "curated"),
		"--settings", settings, "--last", last.String())
	verify.Dir = filepath.Join(repository, "infra", "verify")
	out, err := verify.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("figures computed in SQL: %v", err)
	}
}
