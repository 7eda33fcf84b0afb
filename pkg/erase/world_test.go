package erase_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/config"
	"trunkline/pkg/erase"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

const (
	mac   = pbx.MAC("68692e0b0001")
	other = pbx.MAC("68692e0b0002")
)

// spellings are those that are asked for; needles are what may be found nowhere then.
var (
	spellings = []string{"+49 151 1234567"}
	needles   = []string{"1511234567", "151 1234567", "151-1234567", "151/1234567"}
)

// world is all that is kept of a small fleet.
type world struct {
	t      testing.TB
	table  *storetest.Memory
	bucket *archivetest.Memory
	at     time.Time
}

func newWorld(t testing.TB) *world {
	at, err := time.Parse(time.RFC3339, "2026-11-20T10:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, storetest.NewMemory(), archivetest.NewMemory(), at}
}

func (w *world) now() time.Time { return w.at }

// receive takes bodies in, a second apart.
func (w *world) receive(mac pbx.MAC, bodies ...string) {
	w.t.Helper()
	keys, err := token.ParseKeys("k1:anExampleThatSignsNoRealURLsAtAll0123456789")
	if err != nil {
		w.t.Fatal(err)
	}
	in := ingest.New(tokentest.Fixed(keys), store.New(w.table, w.now), archive.NewDirect(w.bucket), w.bucket, w.now)
	for _, body := range bodies {
		w.at = w.at.Add(time.Second)
		admission, _, err := in.Admit(context.Background(), string(mac), keys.Sign(mac, 1).Reveal())
		if err != nil {
			w.t.Fatal(err)
		}
		if r := in.Receive(context.Background(), admission, ingest.Delivery{Body: []byte(body)}); r.Err != nil {
			w.t.Fatal(r.Err)
		}
	}
}

// full has everything that a number may stand in.
func full(t testing.TB) *world {
	w := newWorld(t)
	w.receive(mac,
		"{event:'cc_cdr', uuid:'1795161600.1', queueCode:'630', agentCode:'801', startTime:'2026-11-20 08:00:00', caller:'+491511234567', called:'5550100', callType:'IN', cdrState:'bridged', queueTime:7, talkingTime:60}",
		"{event:'cc_cdr', uuid:'1795161660.2', queueCode:'630', startTime:'2026-11-20 08:01:00', caller:01511234567, callType:'IN', cdrState:'queue', queueTime:30}",
		"{event:'cc_cdr', uuid:'1795161660.2', queueCode:'630', startTime:'2026-11-20 08:01:00', caller:01511234567, callType:'IN', cdrState:'queue', queueTime:31}",
		"{event:'cc_cdr', uuid:'1795161720.3', queueCode:'630', agentCode:'802', startTime:'2026-11-20 08:02:00', caller:'5550123', callType:'IN', cdrState:'bridged', talkingTime:9}",
		"{event:'cc_cdr', uuid:'1795161780.4', queueCode:'630', agentCode:'01511234567', startTime:'2026-11-20 08:03:00', caller:'5550124', callType:'IN', cdrState:'bridged', talkingTime:8, filePath:'/r/20261120-491511234567.wav'}",
		`{"event":"cdr","uniqueid":"1795161600.1","starttime":"2026-11-20 08:00:00","source":"\u00349 151-1234567","destination":"630","callerid":"\"Jane\" <+491511234567>"}`,
		"event=ivr&uuid=1795161600.1&ivrId=6600&startTime=2026-11-20+08%3A00%3A00&caller=%2B49%20151%2F1234567",
		"[{event:'dialbegin', uniqueid:'1795161600.1', destuniqueid:'1795161600.9', calleridnum:'491511234567', destchannel:'SIP/491511234567-0001'}, {event:'dialend', uniqueid:'1795161600.1', destchannel:'SIP/491511234567-0001', dialstatus:'ANSWER'}]",
		"{event:'hangup', uniqueid:'1795161600.1', calleridnum:'01511234567', calleridname:'\xb9\xa4'}", // GBK
		"{event:'extensionstatus', exten:'01511234567', statustext:'InUse'}",
		"{event:'extensionstatus', exten:'801', statustext:'calls 01511234567'}",
		"{event:'extensionstatus', exten:'802', statustext:'calls 01511234567'}", "{event:'extensionstatus', exten:'802', statustext:'Idle'}",
		"{event:'survey', from:{number:'+49 151 1234567'}}",
		"{event:'cc_cdr', uuid:'1', startTime:'0151 1234567'}", "neither 01511234567 nor { this",
		"{event:'hangup', uniqueid:'2', mac:'68692e0b0009', calleridnum:'01511234567'}",
	)
	w.receive(mac, "{event:'hangup', uniqueid:'1795161600.1', calleridnum:'01511234567', calleridname:'\xb9\xa4'}") // again
	w.receive(other, "{event:'hangup', uniqueid:'3', calleridnum:'5550199'}", "{event:'hangup', uniqueid:'4', calleridnum:'01511234567'}")
	w.spill("{event:'hangup', uniqueid:'5', calleridnum:'01511234567'}")
	w.compact()
	w.at = w.at.Add(48 * time.Hour)
	return w
}

// clone is a world like it.
func (w *world) clone() *world {
	w.t.Helper()
	ctx, c := context.Background(), &world{w.t, storetest.NewMemory(), archivetest.NewMemory(), w.at}
	for _, item := range w.table.Items() {
		if err := c.table.Put(ctx, item, store.Condition{}); err != nil {
			w.t.Fatal(err)
		}
	}
	for name := range w.bucket.List(ctx, "", "") {
		body, err := w.bucket.Get(ctx, name)
		if err == nil {
			err = c.bucket.Put(ctx, name, body)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return c
}

// spill leaves an event as if each store had once failed at it.
func (w *world) spill(body string) {
	w.t.Helper()
	e := archive.Envelope{MAC: mac, Received: w.at, Event: &pbx.Hangup{UniqueID: "5", CallerIDNum: "01511234567"}, Body: []byte(body)}
	lines, err := archive.Lines([]archive.Envelope{e})
	if err == nil {
		err = store.New(w.table, w.now).Spill(context.Background(), mac, w.at, lines)
	}
	if err == nil {
		err = archive.Spill(context.Background(), w.bucket, []archive.Envelope{e})
	}
	if err == nil {
		err = archive.Keep(context.Background(), w.bucket, e)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// compact packs the hangups of a day in one object.
func (w *world) compact() {
	w.t.Helper()
	ctx := context.Background()
	folder := archive.RawFolder(pbx.KindHangup, pbx.UTCDay(w.at))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for name := range w.bucket.List(ctx, folder+string(mac), "") {
		line, err := w.bucket.Get(ctx, name)
		if err != nil {
			w.t.Fatal(err)
		}
		z.Write(line)
		w.bucket.Delete(ctx, name)
	}
	z.Close()
	if err := w.bucket.Put(ctx, folder+string(mac)+".ndjson.gz", packed.Bytes()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) rollUp() {
	w.t.Helper()
	r := rollup.New(store.New(w.table, w.now), w.bucket, config.DefaultSchedule(), w.now)
	if _, err := r.Schedule(context.Background(), queue(func(t rollup.Task) error {
		_, err := r.Work(context.Background(), t)
		return err
	})); err != nil {
		w.t.Fatal(err)
	}
}

// queue has tasks done at once.
type queue func(rollup.Task) error

func (q queue) Send(_ context.Context, tasks []rollup.Task) error {
	for _, t := range tasks {
		if err := q(t); err != nil {
			return err
		}
	}
	return nil
}

// erasure is one of the number in the world, as seen through two stores.
func (w *world) erasure(table store.Table, bucket archive.Bucket, found *[]erase.Finding) *erase.Erasure {
	numbers, err := erase.ParseNumbers(spellings, erase.DefaultPrefixes())
	if err != nil {
		w.t.Fatal(err)
	}
	return &erase.Erasure{Records: store.New(table, w.now), Archive: bucket, Numbers: numbers,
		Found: func(f erase.Finding) { *found = append(*found, f) }}
}

// texts are all texts that the stores have, each with the place where it is.
func (w *world) texts() (all []string) {
	for _, item := range w.table.Items() {
		all = append(all, item.PK+" "+item.SK+" "+item.Version+" "+string(item.Doc))
	}
	for name, body := range w.objects() {
		all = append(all, name+" "+body)
	}
	return all
}

// objects are the bodies of all objects, unpacked, by name.
func (w *world) objects() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	for name := range w.bucket.List(context.Background(), "", "") {
		body, err := w.bucket.Get(context.Background(), name)
		switch {
		case err != nil:
		case bytes.HasPrefix(body, []byte{0x1f, 0x8b}):
			var z *gzip.Reader
			if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
				body, err = io.ReadAll(z)
			}
		case strings.HasSuffix(name, ".parquet"):
			body, err = cells(body)
		}
		if err != nil {
			w.t.Fatal(err)
		}
		all[name] = string(body)
	}
	return all
}

// cells are the values of a Parquet file.
func cells(file []byte) ([]byte, error) {
	opened, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	var all bytes.Buffer
	for _, group := range opened.RowGroups() {
		rows := group.Rows()
		for some := make([]parquet.Row, 64); ; {
			n, err := rows.ReadRows(some)
			for _, row := range some[:n] {
				fmt.Fprintln(&all, row)
			}
			if err == io.EOF || n == 0 {
				break
			}
			if err != nil {
				return nil, err
			}
		}
		rows.Close()
	}
	return all.Bytes(), nil
}

// mustBeClean fails the test where the number is anywhere.
func (w *world) mustBeClean() {
	w.t.Helper()
	for _, text := range w.texts() {
		for _, needle := range needles {
			if strings.Contains(text, needle) {
				w.t.Errorf("%s is in %.400s", needle, text)
			}
		}
	}
}

// records are the items that a replay makes of the archive.
func records(table *storetest.Memory) string {
	var all strings.Builder
	for _, item := range table.Items() {
		switch kind, _, _ := strings.Cut(item.SK, "#"); kind {
		case "CALL", "CDR", "IVR", "LIVE", "EXT", "EXTLOG":
			fmt.Fprintln(&all, item.PK, item.SK, item.Version, item.Expires, string(item.Doc))
		}
	}
	return all.String()
}

// before is when nothing had expired yet.
func before() time.Time { return time.Unix(0, 0) }

// mustBeReplayed fails the test where the archive does not give the records that there are.
func (w *world) mustBeReplayed() {
	w.t.Helper()
	ctx := context.Background()
	again := storetest.NewMemory()
	recorder := replay.NewRecorder(store.New(again, before), before)
	for name, body := range w.objects() {
		if !strings.HasPrefix(name, "raw/") {
			continue
		}
		for line := range strings.Lines(body) {
			receipt, err := archive.ParseReceipt([]byte(line))
			if err == nil {
				_, err = recorder.Record(ctx, receipt)
			}
			if err != nil {
				w.t.Errorf("%s: %v", name, err)
			}
		}
	}
	if got, want := records(again), records(w.table); got != want {
		w.t.Errorf("a replay gives\n%s\nwhere there is\n%s", got, want)
	}
}

// figures are the rows of the published figures, but for what names their inputs and revision.
func (w *world) figures() []string {
	w.t.Helper()
	var all []string
	for _, item := range w.table.Items() {
		if !strings.HasPrefix(item.SK, "KPI#") {
			continue
		}
		var doc struct{ Row map[string]any }
		if err := json.Unmarshal(item.Doc, &doc); err != nil {
			w.t.Fatal(err)
		}
		inputs, ok := doc.Row["inputs"].(map[string]any)
		if !ok {
			w.t.Fatalf("%s names no inputs: %s", item.SK, item.Doc)
		}
		delete(inputs, "hash")
		row, err := json.Marshal(doc.Row)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, strings.ReplaceAll(item.SK+" "+string(row), "01511234567", erase.Masked))
	}
	slices.Sort(all)
	return all
}
