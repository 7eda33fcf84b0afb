package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"trunkline/events"
	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/compact"
	"trunkline/pkg/config"
	"trunkline/pkg/pbx"
	"trunkline/pkg/redrive"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/telemetry"
)

// stub plays SQS: it takes batches, and answers as it is told.
type stub struct {
	mu      sync.Mutex
	batches [][]string // the bodies of messages
	answer  func(w http.ResponseWriter)
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Entries []struct{ Id, MessageBody string }
	}
	body, _ := io.ReadAll(r.Body)
	json.Unmarshal(body, &in)
	s.mu.Lock()
	defer s.mu.Unlock()
	var bodies []string
	for _, e := range in.Entries {
		bodies = append(bodies, e.MessageBody)
	}
	s.batches = append(s.batches, bodies)
	if s.answer != nil {
		s.answer(w)
		return
	}
	io.WriteString(w, "{}")
}

// world is a rollup function over stores in memory.
type world struct {
	*Function
	store  *store.Store
	rollup *rollup.Rollup
	table  *storetest.Memory
	bucket *archivetest.Memory
	sqs    *stub
	log    strings.Builder
	now    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{bucket: archivetest.NewMemory(), sqs: &stub{}, now: time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)}
	server := httptest.NewServer(w.sqs)
	t.Cleanup(server.Close)
	clock := func() time.Time { return w.now }
	w.table = storetest.NewMemory()
	w.store = store.New(w.table, clock)
	client := sqs.New(sqs.Options{
		Region: "eu-central-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("id", "not-a-secret", ""),
		Retryer: aws.NopRetryer{},
	})
	w.rollup = rollup.New(w.store, w.bucket, config.DefaultSchedule(), clock)
	report := telemetry.OperationsMetrics(&w.log, "Trunkline", clock)
	w.Function = newFunction(w.store, archive.NewDirect(w.bucket), w.bucket, w.rollup, queue{client, server.URL + "/due"}, report, clock)
	return w
}

// record records a call of a PBX on the day before.
func (w *world) record(t *testing.T, mac pbx.MAC) {
	t.Helper()
	record(t, w.store, w.now.Add(-14*time.Hour), mac, time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC))
}

// record records a call that began at a time, of a PBX whose clock stands in UTC.
func record(t *testing.T, s *store.Store, received time.Time, mac pbx.MAC, at time.Time) {
	t.Helper()
	start := pbx.LocalTimeOf(at.UTC())
	e := &pbx.CallRecord{UUID: fmt.Sprintf("%d.1", at.Unix()), Queue: "630", Start: start, CallType: "IN", CDRState: "queue"}
	if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received, Zone: pbx.UTC}, e); err != nil {
		t.Fatal(err)
	}
}

func recorded(t *testing.T, name string) json.RawMessage {
	t.Helper()
	text, err := events.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheScheduleSendsDaysThatAreDueInBatches(t *testing.T) {
	w := newWorld(t)
	for i := range 23 {
		w.record(t, pbx.MAC(fmt.Sprintf("68692e0b00%02x", i)))
	}
	if answer, err := w.Handle(t.Context(), recorded(t, "schedule.json")); answer != nil || err != nil {
		t.Fatal(answer, err)
	}
	var sizes []int
	days := map[string]bool{}
	for _, batch := range w.sqs.batches {
		sizes = append(sizes, len(batch))
		for _, body := range batch {
			days[body] = true
		}
	}
	slices.Sort(sizes) // they are sent concurrently
	if fmt.Sprint(sizes) != "[1 3 10 10 10]" || len(days) != 23+len(pbx.Kinds()) || !days[`{"mac":"68692e0b0000","day":"2026-11-23"}`] ||
		!days[`{"pack":"cc_cdr","until":"2026-11-24T02:00:00Z"}`] {
		t.Errorf("batches of %d: %v", sizes, days)
	}
	for line := range strings.Lines(w.log.String()) {
		counted := strings.Contains(line, `"_aws":{`) || strings.Contains(line, `"msg":"dimensions"`)
		if !json.Valid([]byte(line)) || !counted {
			t.Errorf("log: %s", line)
		}
	}
	if want := `"msg":"schedule","pbxs":23,"marked":23,"sent":23,`; !strings.Contains(w.log.String(), want) {
		t.Errorf("no %s in %s", want, &w.log)
	}
}

// quiet plays all of AWS for a fleet of which nothing is due.
func quiet(t *testing.T, operations map[string]http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		io.Copy(io.Discard, r.Body)
		if answer, ok := operations[operation]; ok {
			answer(w, r)
			return
		}
		switch {
		case operation == "Query":
			io.WriteString(w, `{"Items":[],"Count":0,"ScannedCount":0}`)
		case operation == "" && r.Method == http.MethodGet:
			io.WriteString(w, `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`)
		default:
			io.WriteString(w, "{}")
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestTheWiredFunctionIsSetOffByItsEventsAndLogsNoSecret(t *testing.T) {
	denied := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException","message":"stub"}`)
	}
	for name, c := range map[string]struct {
		operations map[string]http.HandlerFunc
		fails      bool
	}{
		"all is well":    {},
		"no permission":  {map[string]http.HandlerFunc{"Query": denied}, true},
		"no single item": {map[string]http.HandlerFunc{"GetItem": denied}, false}, // nothing asks for one
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			const secret = "anExampleThatSignsNoRealURLs"
			f := New(config.Rollup{
				AWS:   config.AWS{Region: "eu-central-1", AccessKeyID: "id", SecretAccessKey: secret, SessionToken: secret + "Either", Endpoint: quiet(t, c.operations)},
				Table: "records", Archive: config.Archive{Bucket: "archive"}, Queue: "https://sqs.eu-central-1.amazonaws.com/123456789012/due",
				Schedule: config.Schedule{DefaultZone: pbx.UTC, Grace: 15 * time.Minute},
			}, &log, time.Now)
			if answer, err := f.Handle(t.Context(), recorded(t, "schedule.json")); answer != nil || (err != nil) != c.fails {
				t.Errorf("the schedule: %v, %v", answer, err)
			}
			for line := range strings.Lines(log.String()) {
				if !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %s", line)
				}
			}
			if text := log.String(); strings.Contains(text, secret) || !strings.Contains(text, `"msg":"schedule"`) {
				t.Errorf("log: %s", text)
			}
		})
	}
}

func TestARunThatCanDoNothingIsAnError(t *testing.T) {
	w := newWorld(t)
	for i := range 3 {
		w.record(t, pbx.MAC(fmt.Sprintf("68692e0b00%02x", i)))
		garbage := store.Item{Key: store.Key{PK: fmt.Sprintf("68692e0b00%02x", i), SK: "MARKED"}, Version: "1", Doc: []byte(`{"through":5}`)}
		if err := w.table.Put(t.Context(), garbage, store.Condition{}); err != nil {
			t.Fatal(err)
		}
		_, err := w.Handle(t.Context(), recorded(t, "schedule.json"))
		if err == nil || !strings.Contains(err.Error(), "PBXs of the schedule") {
			t.Errorf("with %d PBXs, none of which can be read: %v", i+1, err)
		}
	}
}

func TestAQueueThatRefusesIsAnError(t *testing.T) {
	w := newWorld(t)
	w.record(t, "68692e0b0001")
	w.sqs.answer = func(w http.ResponseWriter) { http.Error(w, "{}", http.StatusServiceUnavailable) }
	if _, err := w.Handle(t.Context(), recorded(t, "schedule.json")); err == nil || !strings.Contains(err.Error(), "send messages: ") {
		t.Error(err)
	}
	if !strings.Contains(w.log.String(), `"level":"ERROR"`) {
		t.Error(&w.log)
	}
}

func TestAMessageThatTheQueueRefusesIsReportedAndTheOthersAreSent(t *testing.T) {
	w := newWorld(t)
	for i := range 23 {
		w.record(t, pbx.MAC(fmt.Sprintf("68692e0b00%02x", i)))
	}
	refuses := false
	w.sqs.answer = func(w http.ResponseWriter) {
		if refuses = !refuses; refuses {
			io.WriteString(w, `{"Failed":[{"Id":"0","Code":"InternalError","Message":"not now","SenderFault":false}]}`)
		} else {
			io.WriteString(w, `{}`)
		}
	}
	if _, err := w.Handle(t.Context(), recorded(t, "schedule.json")); err != nil {
		t.Error(err)
	}
	if want := `"msg":"skipped","loop":"batches of messages","skipped":2,`; !strings.Contains(w.log.String(), want) || len(w.sqs.batches) != 5 {
		t.Errorf("%d batches, no %s in %s", len(w.sqs.batches), want, &w.log)
	}
}

func TestMessagesThatFailComeAgainAlone(t *testing.T) {
	w := newWorld(t)
	w.record(t, "68692e0b0001")
	if _, err := w.Handle(t.Context(), recorded(t, "schedule.json")); err != nil {
		t.Fatal(err)
	}
	in := json.RawMessage(`{"Records":[
		{"messageId":"a","body":"no task"},
		{"messageId":"b","body":"{\"mac\":\"68692e0b0001\",\"day\":\"2026-11-23\"}"},
		{"messageId":"c","body":"{\"mac\":\"../68692e0b0001\",\"day\":\"2026-11-23\"}"},
		{"messageId":"d","body":"{\"mac\":\"68692e0b0001\"}"},
		{"messageId":"e","body":"{\"mac\":\"68692e0b0009\",\"day\":\"2026-11-23\"}"}]}`)
	answer, err := w.Handle(t.Context(), in)
	text, _ := json.Marshal(answer)
	if want := `{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"c"},{"itemIdentifier":"d"}]}`; string(text) != want || err != nil {
		t.Errorf("got  %s, %v\nwant %s", text, err, want)
	}
	day, _ := pbx.ParseDay("2026-11-23")
	if header, err := w.store.Figures().Header(t.Context(), "68692e0b0001", day); header.Revision != 1 || err != nil {
		t.Errorf("%+v, %v", header, err)
	}
	for result, lines := range map[string]int{"failed": 3, "published": 1, "not_due": 1} {
		if got := strings.Count(w.log.String(), `"result":"`+result+`","days":1,`); got != lines {
			t.Errorf("%d lines say %s, want %d: %s", got, result, lines, &w.log)
		}
	}
	if answer, err := w.Handle(t.Context(), recorded(t, "sqs_due.json")); err != nil || len(answer.(Failures).Failures) != 0 {
		t.Errorf("a day that is not due: %v, %v", answer, err)
	}
}

func TestTheFunctionStopsBeforeItIsStopped(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(spare))
	defer cancel()
	answer, err := w.Handle(ctx, recorded(t, "sqs_due.json"))
	if err != nil || len(answer.(Failures).Failures) != 1 {
		t.Errorf("with no time to work: %v, %v", answer, err)
	}
}

// sent is a queue that keeps what it was sent.
type sent struct {
	tasks []rollup.Task
	turns []compact.Job
	jobs  []redrive.Job
}

func (q *sent) Redrive(_ context.Context, jobs []redrive.Job) error {
	q.jobs = append(q.jobs, jobs...)
	return nil
}

func (q *sent) Pack(_ context.Context, turns []compact.Job) error {
	q.turns = append(q.turns, turns...)
	return nil
}

func (q *sent) Send(_ context.Context, tasks []rollup.Task) error {
	q.tasks = append(q.tasks, tasks...)
	return nil
}

func TestAShardIsEnqueuedByTheScheduleAndRedrivenByAMessage(t *testing.T) {
	w := newWorld(t)
	e := archive.Envelope{MAC: "68692e0b0001", Received: w.now, Event: &pbx.Hangup{UniqueID: "1"}, Body: []byte("{event:'hangup', uniqueid:'1'}")}
	if err := archive.Spill(t.Context(), w.bucket, []archive.Envelope{e}); err != nil {
		t.Fatal(err)
	}
	if answer, err := w.Handle(t.Context(), recorded(t, "schedule.json")); answer != nil || err != nil {
		t.Fatal(answer, err)
	}
	body := w.sqs.batches[0][0]
	if !strings.HasPrefix(body, `{"redrive":"archive/`) || !strings.HasSuffix(body, `","until":"2026-11-24T02:00:00Z"}`) {
		t.Fatalf("it sends %s", body)
	}
	message, err := json.Marshal(map[string]any{"Records": []message{{ID: "a", Body: body}}})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := w.Handle(t.Context(), message)
	if err != nil || len(answer.(Failures).Failures) > 0 || !strings.Contains(w.log.String(), `"msg":"redrive","archived":0,"recorded":1,`) {
		t.Errorf("%v, %v:\n%s", answer, err, w.log.String())
	}
	for name := range w.bucket.List(t.Context(), archive.SpillPrefix, "") {
		t.Errorf("%s is left", name)
	}
}

func TestASpillThatHangsLeavesTheScheduleHalfOfTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := storetest.NewFaulty(storetest.NewMemory(), func(c storetest.Call) storetest.Fault {
			if strings.HasPrefix(c.Key.PK, "SPILL") {
				return storetest.Hangs
			}
			return storetest.None
		})
		bucket, q, log := archivetest.NewMemory(), &sent{}, &strings.Builder{}
		records := store.New(table, time.Now)
		r := rollup.New(records, bucket, config.DefaultSchedule(), time.Now)
		report := telemetry.OperationsMetrics(log, "Trunkline", time.Now)
		f := newFunction(records, archive.NewDirect(bucket), bucket, r, q, report, time.Now)
		record(t, records, time.Now(), "68692e0b0001", time.Now().Add(-40*time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), spare+time.Minute)
		defer cancel()
		began := time.Now()
		_, err := f.Handle(ctx, recorded(t, "schedule.json"))
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != 30*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		if len(q.tasks) != 1 || !strings.Contains(log.String(), `"msg":"schedule","pbxs":1,"marked":1,"sent":1,`) {
			t.Errorf("sent %v: %s", q.tasks, log)
		}
	})
}

// keep archives a hangup of each of some PBXs, on the day before.
func keep(t *testing.T, w *world, pbxs int) {
	t.Helper()
	for i := range pbxs {
		e := archive.Envelope{
			MAC: pbx.MAC(fmt.Sprintf("68692e0b%04x", i)), Received: w.now.Add(-14 * time.Hour), Event: &pbx.Hangup{}, Body: []byte("{}"),
		}
		if err := archive.Keep(t.Context(), w.bucket, e); err != nil {
			t.Fatal(err)
		}
	}
}

// single counts the events that are not packed.
func single(t *testing.T, w *world) (n int) {
	t.Helper()
	for name, err := range w.bucket.List(t.Context(), "raw/", "") {
		if err != nil {
			t.Fatal(err)
		}
		if form, _ := archive.FormOf(name); form != archive.Packed {
			n++
		}
	}
	return n
}

func packing(kind string, until time.Time) json.RawMessage {
	body, _ := json.Marshal(fmt.Sprintf(`{"pack":%q,"until":%q}`, kind, until.Format(time.RFC3339)))
	return fmt.Appendf(nil, `{"Records":[{"messageId":"a","body":%s}]}`, body)
}

func TestAMessagePacksAKindOfEvent(t *testing.T) {
	w := newWorld(t)
	keep(t, w, 3)
	for _, c := range []struct {
		kind string
		left int
	}{{"cc_cdr", 3}, {"hangup", 0}} {
		answer, err := w.Handle(t.Context(), packing(c.kind, w.now.Add(time.Hour)))
		if err != nil || len(answer.(Failures).Failures) != 0 {
			t.Errorf("%v, %v", answer, err)
		}
		if n := single(t, w); n != c.left {
			t.Errorf("after %s, %d events are not packed", c.kind, n)
		}
	}
	if want := `"msg":"compaction","kind":"hangup","events":3,"written":3,"left":0,"through":"2026-11-23"}`; !strings.Contains(w.log.String(), want) {
		t.Errorf("no %s in %s", want, &w.log)
	}
	if len(w.sqs.batches) != 0 {
		t.Errorf("sent %v", w.sqs.batches)
	}
	answer, err := w.Handle(t.Context(), packing("nonsense", w.now))
	if err != nil || len(answer.(Failures).Failures) != 1 {
		t.Errorf("a kind that there is not: %v, %v", answer, err)
	}
}

func TestPackingThatTakesLongerThanATurnGoesOnUntilTheNextHour(t *testing.T) {
	const pbxs = 40
	for _, c := range []struct {
		name  string
		until time.Duration
		slow  time.Duration // each look at the clock
		sent  bool
	}{
		{"all of it fits", time.Hour, 0, false},
		{"it does not fit", time.Hour, 10 * time.Second, true},
		{"the next hour has come", 0, 10 * time.Second, false},
	} {
		w := newWorld(t)
		keep(t, w, pbxs)
		began := w.now
		var mu sync.Mutex
		q := &sent{}
		f := newFunction(w.store, archive.NewDirect(w.bucket), w.bucket, w.rollup, q, w.report, func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			w.now = w.now.Add(c.slow)
			return w.now
		})
		if _, err := f.Handle(t.Context(), packing("hangup", began.Add(c.until))); err != nil {
			t.Fatal(err)
		}
		left := single(t, w)
		if (len(q.turns) == 1) != c.sent || (left == 0) != (c.slow == 0) || left == pbxs {
			t.Errorf("%s: sent %v, %d left", c.name, q.turns, left)
		}
	}
}

func TestPackingThatFailsIsToldAndComesAgainWithTheNextHour(t *testing.T) {
	w := newWorld(t)
	keep(t, w, 3)
	faulty := archivetest.NewFaulty(w.bucket, func(c archivetest.Call) archivetest.Fault {
		if c.Method == "Replace" {
			return archivetest.Fails
		}
		return archivetest.None
	})
	q := &sent{}
	answer, err := newFunction(w.store, archive.NewDirect(faulty), faulty, w.rollup, q, w.report, func() time.Time { return w.now }).Handle(t.Context(), packing("hangup", w.now.Add(time.Hour)))
	if err != nil || len(answer.(Failures).Failures) != 0 || len(q.turns) != 0 {
		t.Errorf("%v, %v, %v", answer, err, q.turns)
	}
	for _, want := range []string{`"level":"ERROR","msg":"compaction","kind":"hangup"`, `"msg":"skipped","loop":"batches of events","skipped":3,`} {
		if text := w.log.String(); !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

func TestAnEventOfAnotherKindIsAnError(t *testing.T) {
	w := newWorld(t)
	for _, in := range []string{`{}`, `{"Records":[]}`, `[]`, `"x"`, `{"detail-type":"Scheduled Event"}`} {
		if answer, err := w.Handle(t.Context(), json.RawMessage(in)); err == nil {
			t.Errorf("%s: %v", in, answer)
		}
	}
}
