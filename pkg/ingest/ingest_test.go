package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
	"trunkline/pkg/zycoo"
)

const (
	mac  = pbx.MAC("68692e0b0001")
	call = "{event:'cc_cdr', uuid:'1', startTime:'2018-11-05 19:05:31'}"
)

// backend is both stores. The test says what each call does, and calls are counted.
type backend struct {
	keep, record, device   func(context.Context) error
	keepSpill, recordSpill func(context.Context) error
	note                   func(context.Context) error
	settings               store.Device

	mu                    sync.Mutex
	kept                  []archive.Receipt
	recorded              []store.Origin
	unarchived            []byte            // spilled to the records
	unrecorded            []archive.Receipt // spilled to the archive
	sealed                bool
	devicesRead, underWay atomic.Int64
	mostUnderWay          atomic.Int64
}

func (b *backend) do(ctx context.Context, f func(context.Context) error) error {
	b.mostUnderWay.Store(max(b.mostUnderWay.Load(), b.underWay.Add(1)))
	defer b.underWay.Add(-1)
	if f == nil {
		return ctx.Err()
	}
	return f(ctx)
}

func (b *backend) RecordOnly(ctx context.Context, r store.Origin, _ pbx.Event) (sealed bool, err error) {
	err = b.do(ctx, b.record)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recorded = append(b.recorded, r)
	return b.sealed, err
}

// spillLines keeps lines that are spilled to the records.
func (b *backend) spillLines(ctx context.Context, lines []byte) error {
	err := b.do(ctx, b.recordSpill)
	if err == nil {
		b.unarchived = append(b.unarchived, lines...)
	}
	return err
}

type records struct{ *backend }

func (r records) Spill(ctx context.Context, _ pbx.MAC, _ time.Time, lines []byte) error {
	return r.spillLines(ctx, lines)
}

// archived is the backend as a bucket. An Ingest only calls Put.
type archived struct {
	archive.Bucket
	*backend
}

func (a archived) Put(ctx context.Context, name string, body []byte) error {
	var receipts []archive.Receipt
	for line := range bytes.Lines(body) {
		receipt, err := archive.ParseReceipt(line)
		if err != nil {
			return err
		}
		receipts = append(receipts, receipt)
	}
	if strings.HasPrefix(name, archive.SpillPrefix) {
		err := a.do(ctx, a.keepSpill)
		if err == nil {
			a.unrecorded = append(a.unrecorded, receipts...)
		}
		return err
	}
	err := a.do(ctx, a.keep)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept = append(a.kept, receipts...)
	return err
}

func (b *backend) Sender(ctx context.Context, _ pbx.MAC) (store.Sender, error) {
	b.devicesRead.Add(1)
	return store.Sender{Device: b.settings}, b.do(ctx, b.device)
}

func (b *backend) Note(ctx context.Context, o store.Origin, _ store.LastEvent) (store.LastEvent, error) {
	return store.LastEvent{Last: o.At, KID: o.KID}, b.do(ctx, b.note)
}

func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

var errDown = errors.New("it is down")

func down(context.Context) error { return errDown }

// post calls an endpoint without a network, and returns the answer and the report.
func post(t *testing.T, tokens ingest.Tokens, b *backend, tokenText, body string) (*httptest.ResponseRecorder, ingest.Report) {
	t.Helper()
	var report ingest.Report
	endpoint := ingest.NewEndpoint(ingest.New(tokens, records{b}, archive.NewDirect(archived{backend: b}), archived{backend: b}, time.Now), func(_ context.Context, r ingest.Report) { report = r }, time.Now)
	w := httptest.NewRecorder()
	endpoint.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/pbx/"+string(mac)+"/"+tokenText, strings.NewReader(body)))
	return w, report
}

func postValid(t *testing.T, b *backend, body string) (*httptest.ResponseRecorder, ingest.Report) {
	t.Helper()
	return post(t, tokentest.Fixed(keys(t)), b, keys(t).Sign(mac, 1).Reveal(), body)
}

func TestOneStoreKeepsWhatTheOtherCannot(t *testing.T) {
	array := "[" + call + "," + call + "]"
	for name, c := range map[string]struct {
		body         string
		keep, record func(context.Context) error
		status       int
		unarchived   int // lines, in the table
		unrecorded   int // envelopes, in the archive
	}{
		"the archive is down":                   {call, down, nil, 200, 1, 0},
		"the archive hangs":                     {call, hangs, nil, 200, 1, 0},
		"the records are down":                  {call, nil, down, 200, 0, 1},
		"the records hang":                      {call, nil, hangs, 200, 0, 1},
		"an array, the records hang":            {array, nil, hangs, 200, 0, 2},
		"an array, the archive is down":         {array, down, nil, 200, 2, 0},
		"quarantine, the archive is down":       {"{", down, nil, 400, 1, 0},
		"an unknown kind, the archive hangs":    {"{event:'x'}", hangs, nil, 202, 1, 0},
		"another MAC, the archive hangs":        {"{event:'hangup', uniqueid:'1', mac:'68692e0b0002'}", hangs, nil, 422, 1, 0},
		"an unknown kind, the records are down": {"{event:'x'}", nil, down, 202, 0, 0},
		"good and bad, the records hang":        {"[" + call + ",{}]", nil, hangs, 400, 0, 1},
		"a full array, the archive hangs":       {"[" + strings.Repeat(call+",", 1000) + "]", hangs, nil, 200, 1000, 0},
		"a full array, the records hang":        {"[" + strings.Repeat(call+",", 1000) + "]", nil, hangs, 200, 0, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &backend{keep: c.keep, record: c.record}
				began := time.Now()
				w, report := postValid(t, b, c.body)
				lines := strings.Count(string(b.unarchived), "\n")
				if w.Code != c.status || lines != c.unarchived || len(b.unrecorded) != c.unrecorded || report.Spilled != c.unarchived+c.unrecorded {
					t.Errorf("answer %d %.200s; %d lines and %d envelopes are spilled", w.Code, w.Body, lines, len(b.unrecorded))
				}
				checkPrompt(t, b, began)
			})
		})
	}
}

func TestAnEventOfASealedDayIsStoredAndReported(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		record func(context.Context) error
		want   int
	}{
		"one":            {call, nil, 1},
		"some":           {"[" + call + "," + call + ",{}]", nil, 2},
		"none is stored": {call, down, 0},
	} {
		if _, report := postValid(t, &backend{sealed: true, record: c.record}, c.body); report.Sealed != c.want {
			t.Errorf("%s: %d", name, report.Sealed)
		}
	}
	if w, report := postValid(t, &backend{sealed: true}, call); w.Code != http.StatusOK || report.Spilled != 0 {
		t.Errorf("answer %d, %+v", w.Code, report)
	}
}

func checkPrompt(t *testing.T, b *backend, began time.Time) {
	t.Helper()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the answer took %v", took)
	}
	if n := b.underWay.Load(); n != 0 {
		t.Errorf("%d calls are under way after the answer", n)
	}
}

func TestOnlyWhatAStoreKeepsWholeIsAcknowledged(t *testing.T) {
	array := "[" + call + "," + call + "]"
	once := func() func(context.Context) error { // fails for one of the events
		var calls atomic.Int64
		return func(context.Context) error {
			if calls.Add(1) == 1 {
				return errDown
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		body                   string
		keep, record           func(context.Context) error
		keepSpill, recordSpill func(context.Context) error
	}{
		"both are down":                           {call, down, down, nil, nil},
		"both hang":                               {call, hangs, hangs, nil, nil},
		"a full array, both hang":                 {"[" + strings.Repeat(call+",", 1000) + "]", hangs, hangs, nil, nil},
		"the archive is down, then the records":   {call, down, nil, nil, down},
		"the archive hangs, then the records do":  {call, hangs, nil, nil, hangs},
		"the records hang, then the archive does": {call, nil, hangs, hangs, nil},
		"quarantine, both are down":               {"{", down, nil, nil, down},
		"an unknown kind, both hang":              {"{event:'x'}", hangs, nil, nil, hangs},
		"one of an array, nowhere":                {array, down, once(), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &backend{keep: c.keep, record: c.record, keepSpill: c.keepSpill, recordSpill: c.recordSpill}
				began := time.Now()
				w, report := postValid(t, b, c.body)
				if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "30" || report.Err == nil {
					t.Errorf("answer %d %s, %v", w.Code, w.Body, report.Err)
				}
				checkPrompt(t, b, began)
			})
		})
	}
}

func TestTheAnswerIsPromptThoughTheSettingsHangToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{device: hangs, record: hangs}
		began := time.Now()
		if w, _ := postValid(t, b, call); w.Code != http.StatusOK || len(b.unrecorded) != 1 {
			t.Errorf("answer %d %s", w.Code, w.Body)
		}
		checkPrompt(t, b, began)
	})
}

func TestTheStoresWorkConcurrentlyAndBothAreAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context) error {
			time.Sleep(1500 * time.Millisecond)
			return ctx.Err()
		}
		b := &backend{keep: slow, record: slow}
		began := time.Now()
		if w, _ := postValid(t, b, call); w.Code != http.StatusOK {
			t.Errorf("answer %d %s", w.Code, w.Body)
		}
		if took := time.Since(began); took != 1500*time.Millisecond {
			t.Errorf("two stores that take 1.5 s each took %v", took)
		}
	})
}

func TestAnArrayIsWrittenAFewAtATimeAndOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(context.Context) error {
			time.Sleep(10 * time.Millisecond)
			return nil
		}
		b := &backend{keep: slow, record: slow}
		w, report := postValid(t, b, "["+strings.Repeat(call+",", 1000)+"]")
		if w.Code != http.StatusOK || len(report.Events) != 1000 {
			t.Errorf("answer %d %s", w.Code, w.Body)
		}
		indexes, ids := map[int]bool{}, map[string]bool{}
		for _, r := range b.recorded {
			indexes[r.Index] = true
		}
		for _, e := range b.kept {
			ids[e.ID] = true
		}
		if len(indexes) != 1000 || len(ids) != 1000 || len(b.recorded) != 1000 || len(b.kept) != 1000 {
			t.Errorf("%d recorded as %d, %d archived as %d", len(b.recorded), len(indexes), len(b.kept), len(ids))
		}
		if n := b.mostUnderWay.Load(); n > 64 {
			t.Errorf("%d calls at a time", n)
		}
	})
}

func TestRecordAndEnvelopeTellTheSameReceipt(t *testing.T) {
	b := &backend{}
	postValid(t, b, call)
	if b.kept[0].Received != b.recorded[0].At || b.kept[0].Received.Nanosecond()%1e6 != 0 || string(b.kept[0].Body) != call {
		t.Errorf("archived %+v, recorded %+v", b.kept[0], b.recorded[0])
	}
}

func TestKeysThatCannotBeReadAreUnavailable(t *testing.T) {
	b := &backend{}
	source := &token.Source{Now: time.Now, Read: func(context.Context) (*token.Keyring, error) { return nil, errDown }}
	w, report := post(t, source, b, keys(t).Sign(mac, 1).Reveal(), call)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !errors.Is(report.Err, errDown) {
		t.Errorf("answer %d %s, %v", w.Code, w.Body, report.Err)
	}
	if len(b.kept)+len(b.recorded) != 0 {
		t.Error("something is kept")
	}
}

func TestSettingsAreReadOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{}
		in := ingest.New(tokentest.Fixed(keys(t)), records{b}, archive.NewDirect(archived{backend: b}), archived{backend: b}, time.Now)
		admit := func(want ingest.Outcome, reads int64) {
			t.Helper()
			_, got, err := in.Admit(t.Context(), string(mac), keys(t).Sign(mac, 1).Reveal())
			if got != want || err != nil || b.devicesRead.Load() != reads {
				t.Errorf("%v, %v after %d reads, want %v after %d", got, err, b.devicesRead.Load(), want, reads)
			}
		}
		admit(ingest.Admitted, 1)
		b.settings.Disabled = true
		time.Sleep(time.Minute - 1)
		admit(ingest.Admitted, 1)
		time.Sleep(time.Nanosecond)
		admit(ingest.Disabled, 2)
		b.settings = store.Device{MinGeneration: 2}
		time.Sleep(time.Minute)
		admit(ingest.Unauthorised, 3)
	})
}

// In a fleet with more PBXs than the cache holds, few settings are read again.
func TestTheSettingsOfALargeFleetAreCached(t *testing.T) {
	const fleet = 10_001
	b, now := &backend{}, time.Now()
	in := ingest.New(tokentest.Fixed(keys(t)), records{b}, archive.NewDirect(archived{backend: b}), archived{backend: b}, func() time.Time { return now })
	for round := range int64(2) {
		before := b.devicesRead.Load()
		for i := range fleet {
			mac := pbx.MAC(fmt.Sprintf("68692e%06x", i))
			if _, got, err := in.Admit(t.Context(), string(mac), keys(t).Sign(mac, 1).Reveal()); got != ingest.Admitted || err != nil {
				t.Fatalf("%v, %v", got, err)
			}
		}
		if read := b.devicesRead.Load() - before; round == 0 && read != fleet || round == 1 && read > fleet/10 {
			t.Errorf("in round %d the settings of %d PBXs were read %d times", round, fleet, read)
		}
	}
}

func TestAValidTokenCountsWhereSettingsCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{device: hangs, settings: store.Device{Disabled: true}}
		in := ingest.New(tokentest.Fixed(keys(t)), records{b}, archive.NewDirect(archived{backend: b}), archived{backend: b}, time.Now)
		text := keys(t).Sign(mac, 1).Reveal()
		began := time.Now()
		for range 10 {
			if _, got, err := in.Admit(t.Context(), string(mac), text); got != ingest.Admitted || err != nil {
				t.Errorf("%v, %v", got, err)
			}
		}
		if took := time.Since(began); took > time.Second || b.devicesRead.Load() != 1 {
			t.Errorf("ten events waited %v for settings, read %d times", took, b.devicesRead.Load())
		}
		b.device = nil
		time.Sleep(5 * time.Second)
		if _, got, _ := in.Admit(t.Context(), string(mac), text); got != ingest.Disabled {
			t.Errorf("once they can be read: %v", got)
		}
	})
}

// A newer program may have set a zone that this one does not know.
func TestADisabledPBXStaysDisabledThoughAnotherSettingIsUnreadable(t *testing.T) {
	for doc, want := range map[string]ingest.Outcome{
		`{"zone":"localtime"}`:                      ingest.Admitted,
		`{"name":7,"site":{}}`:                      ingest.Admitted,
		`{"disabled":true,"zone":"localtime"}`:      ingest.Disabled,
		`{"min_generation":2,"zone":"right/UTC"}`:   ingest.Unauthorised,
		`{"disabled":"yes"}`:                        ingest.Disabled,
		`{"min_generation":"2"}`:                    ingest.Unauthorised,
		`{"aliases":[7],"disabled":true,"name":""}`: ingest.Disabled,
	} {
		table := storetest.NewMemory()
		item := store.Item{Key: store.Key{PK: string(mac), SK: "DEVICE"}, Version: "1", Doc: []byte(doc)}
		if err := table.Put(t.Context(), item, store.Condition{}); err != nil {
			t.Fatal(err)
		}
		in := ingest.New(tokentest.Fixed(keys(t)), store.New(table, time.Now), archive.NewDirect(archived{backend: &backend{}}), archived{backend: &backend{}}, time.Now)
		if _, got, err := in.Admit(t.Context(), string(mac), keys(t).Sign(mac, 1).Reveal()); got != want || err != nil {
			t.Errorf("%s: %v, %v, want %v", doc, got, err, want)
		}
	}
}

func TestEveryFieldOfAReceiptIsArchivedAndRecorded(t *testing.T) {
	berlin, err := pbx.ParseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{settings: store.Device{Zone: berlin}}
	postValid(t, b, "["+call+","+call+"]")
	for what, all := range map[string]any{"archived": b.kept, "recorded": b.recorded} {
		whole := map[string]bool{} // by field: true once a value is not zero
		for i := range reflect.ValueOf(all).Len() {
			for field, value := range reflect.ValueOf(all).Index(i).Fields() {
				whole[field.Name] = whole[field.Name] || !value.IsZero()
			}
		}
		for field, has := range whole {
			if refused := field == "Reason" || field == "Decoder" || field == "Rewritten"; has == refused {
				t.Errorf("%s: it has a %s: %t, want %t", what, field, has, !refused)
			}
		}
	}
}

func TestTheDocumentsHaveTheTableOfAnswers(t *testing.T) {
	document, err := os.ReadFile(filepath.Join("..", "..", "infra", "docs", "http.md"))
	if err != nil {
		t.Fatal(err)
	}
	for outcome := range ingest.Outcomes {
		a := outcome.Answer()
		if row := fmt.Sprintf("| %d | %s | %s |\n", a.Status, a.Case, a.Kept); !strings.Contains(string(document), row) {
			t.Errorf("http.md lacks the row\n%s", row)
		}
	}
}

func TestARefusedEventNamesTheVersionOfItsDecoder(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"unreadable":    {"{", zycoo.Version},
		"another's":     {"{event:'hangup', uniqueid:'1', mac:'68692e0b0002'}", zycoo.Version},
		"let in":        {call, 0},
		"not known yet": {"{event:'x'}", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := &backend{}
			postValid(t, b, c.body)
			if len(b.kept) != 1 || b.kept[0].Decoder != c.want {
				t.Errorf("kept %+v, want it of version %d", b.kept, c.want)
			}
		})
	}
}
