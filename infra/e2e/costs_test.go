//go:build e2e

package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"trunkline/infra/e2e/bill"
	"trunkline/infra/e2e/tap"
	"trunkline/infra/fleet"
	"trunkline/infra/template"
	"trunkline/pkg/archive"
	"trunkline/pkg/compact"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

var update = flag.Bool("update", false, "note what is measured in bill/measured.json")

// perKind is how many events of a kind are measured, and morePBXs by how many the fleet
// grows between two runs of the schedule.
const (
	perKind  = 5
	morePBXs = 20
)

// testCosts measures what events, hours and days use, and holds it against what the bill
// reckons with.
func (w *world) testCosts(t *testing.T) {
	before := len(ownLines(w.ingest.out.String()))
	m := bill.Measured{}
	w.costOfEvents(t, &m)
	lines := ownLines(w.ingest.out.String())[before:]
	m.Stranger = w.costOfAStranger(t)
	before = len(ownLines(w.rollup.out.String()))
	w.costOfHours(t, &m)
	m.Packing = w.costOfPacking(t)
	m.Day = w.costOfADay(t)
	lines = append(lines, ownLines(w.rollup.out.String())[before:]...)
	m.Metrics = len(metrics(t, lines))
	t.Logf("%d metrics where all is well, %d in all of these tests", m.Metrics,
		len(metrics(t, append(ownLines(w.ingest.out.String()), ownLines(w.rollup.out.String())...))))
	if *update {
		text, err := json.MarshalIndent(m, "", "\t")
		if err == nil {
			err = os.WriteFile("bill/measured.json", append(text, '\n'), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	compare(t, m)
}

// compare reports where the measured differs from the noted by more than a tenth of its cost, or by more
// than 15 % of what it costs to keep. At some hours an event marks a day as due, which is kept, too.
func compare(t *testing.T, m bill.Measured) {
	noted, err := bill.Noted()
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want bill.Usage) {
		dollars, keeping := got.Dollars()/want.Dollars(), (got.Keeping()+1e-9)/(want.Keeping()+1e-9)
		if math.Abs(dollars-1) > 0.1 || math.Abs(keeping-1) > 0.15 {
			text, _ := json.Marshal([]bill.Usage{got, want})
			t.Errorf("%s costs %.2f of what is noted, and %.2f to keep; to note it: make e2e E2E=-update\n%s", what, dollars, keeping, text)
		}
	}
	for _, kind := range pbx.Kinds() {
		near(string(kind), m.Events[kind], noted.Events[kind])
	}
	near("a first event", m.First, noted.First)
	near("a stranger's push", m.Stranger, noted.Stranger)
	near("an hour", m.Hour, noted.Hour)
	near("an hour of a PBX", m.HourPBX, noted.HourPBX)
	near("a day of a PBX", m.Day, noted.Day)
	near("an event that is packed", m.Packing, noted.Packing)
	if m.Metrics != noted.Metrics {
		t.Errorf("%d metrics, noted are %d", m.Metrics, noted.Metrics)
	}
}

// costOfEvents posts events of each kind of a PBX that has posted before, as they are
// today, so that no day is due for them.
func (w *world) costOfEvents(t *testing.T, m *bill.Measured) {
	today := fleet.Config{Seed: 1, PBXs: 1000, First: pbx.UTCDay(time.Now()), Days: 1, CallsPerDay: 2000}.All()[999]
	bodies := map[pbx.Kind][][]byte{}
	for e := range today.Events() {
		if kind := e.Event.Kind(); len(bodies[kind]) <= perKind {
			bodies[kind] = append(bodies[kind], fleet.Body(e.Event, fleet.Vendor))
		}
	}
	for i := range perKind + 1 {
		for kind, form := range map[pbx.Kind]string{
			pbx.KindUnrecognised: "{event:'queuelogin', agent:'80%d'}",
			pbx.KindBridgeEnter:  `{"Event":"BridgeEnter","BridgeUniqueid":"6f9d-%[1]d","Channel":"SIP/104-%[1]d","CallerIDNum":"104","Uniqueid":"1780515828.%[1]d","Linkedid":"1780515827.1"}`,
			pbx.KindAgentLogin:   `{"Event":"AgentLogin","Agent":"80%[1]d","Channel":"SIP/80%[1]d-7","Uniqueid":"1780500000.%[1]d"}`,
			pbx.KindAgentLogoff:  `{"Event":"AgentLogoff","Agent":"80%[1]d","Channel":"SIP/80%[1]d-7","Uniqueid":"1780500000.%[1]d"}`,
		} {
			bodies[kind] = append(bodies[kind], fmt.Appendf(nil, form, i))
		}
	}
	post := func(bodies ...[]byte) func() {
		return func() {
			for _, body := range bodies {
				if status, answer := ingesttest.Post(t, w.endpoint().URL(today.MAC, 1), body); status != 200 && status != 202 {
					t.Fatalf("%d %s", status, answer)
				}
			}
		}
	}
	hangups := bodies[pbx.KindHangup]
	first := w.push(t, 1, post(hangups[0]))
	m.Events = map[pbx.Kind]bill.Usage{}
	for _, kind := range pbx.Kinds() {
		u := w.push(t, perKind, post(bodies[kind][1:]...)).Times(1. / perKind)
		if kind != pbx.KindUnrecognised { // all else is only counted where the template's LogDeliveries is not set
			u.LogBytes = w.accessBytes(t) + bill.CountBytes(kind)
		}
		m.Events[kind] = u
	}
	m.First = bill.Usage{WriteUnits: first.WriteUnits, ReadUnits: first.ReadUnits}.Plus(
		bill.Usage{WriteUnits: m.Events[pbx.KindHangup].WriteUnits, ReadUnits: m.Events[pbx.KindHangup].ReadUnits}.Times(-1))
}

func (w *world) costOfAStranger(t *testing.T) bill.Usage {
	return w.push(t, 1, func() {
		if status, _ := ingesttest.Post(t, w.ingest.base+"/v1/pbx/0200000000ac/k1-1-aaaaaaaaaaaaaaaaaaaaaaaaaa", []byte("{}")); status != 401 {
			t.Errorf("a stranger is answered %d", status)
		}
	})
}

// hour runs the schedule, and has every turn at packing taken by itself.
func (w *world) hour(t *testing.T) {
	if answer, _ := w.rollup.invoke(t, recorded(t, "schedule.json")); answer != "null" {
		t.Errorf("the schedule answers %s", answer)
	}
	for _, turn := range compact.Jobs(time.Now()) {
		text, err := json.Marshal(turn)
		if err != nil {
			t.Fatal(err)
		}
		if answer, _ := w.rollup.invoke(t, sqsEvent(t, string(text))); answer != `{"batchItemFailures":[]}` {
			t.Errorf("the turn of %s answers %s", turn.Kind, answer)
		}
	}
}

// costOfHours measures an hour, has the fleet grow, and measures another.
func (w *world) costOfHours(t *testing.T, m *bill.Measured) {
	turns := len(pbx.Kinds())
	hour := func() { w.hour(t) }
	pbxs := func() (n float64) {
		for _, err := range w.store.Fleet(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	// Long after an upgrade, all of the quarantine is tried again.
	if err := w.objects.Put(t.Context(), "retried/quarantine.json", fmt.Appendf(nil, `{"decoder":%d,"through":true}`, zycoo.Version)); err != nil {
		t.Fatal(err)
	}
	hour() // marks days of PBXs that were seen since the last one
	few, before := w.rollup.measure(t, 1+turns, hour), pbxs()
	for i := range morePBXs {
		mac := pbx.MAC(fmt.Sprintf("0200000001%02x", i))
		if _, err := w.store.Record(t.Context(), store.Origin{MAC: mac, At: time.Now(), Zone: pbx.UTC}, &pbx.Hangup{UniqueID: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	hour()
	many := w.rollup.measure(t, 1+turns, hour)
	m.HourPBX = many.Plus(few.Times(-1)).Times(1 / (pbxs() - before))
	m.Hour = few.Plus(m.HourPBX.Times(-before))
	m.Hour.Queue += float64(2 * turns) // the event source receives the messages and deletes them
	m.Hour.GBSeconds, m.HourPBX.GBSeconds = w.rollup.gigabytes(t)*bill.HourSeconds, w.rollup.gigabytes(t)*bill.HourPBXSeconds
	m.HourPBX.TableBytes, m.Hour.TableBytes, m.Hour.BucketBytes = 0, 0, 0 // what is written there replaces what was
}

// packedEvents are as many as a PBX has of some kinds in a day.
const packedEvents = 100

// costOfPacking has an hour's turns taken when there are events of a day that is over, and holds
// them against what is packed.
func (w *world) costOfPacking(t *testing.T) bill.Usage {
	of, at := pbx.MAC("0200000000ae"), time.Now().AddDate(0, 0, -2).Truncate(24*time.Hour) // is visited every hour
	var kept []archive.Envelope
	for i := range packedEvents {
		e := archive.Envelope{
			MAC: of, Received: at.Add(time.Duration(i) * time.Minute), Event: &pbx.Hangup{UniqueID: "1"}, Body: fmt.Appendf(nil, "{event:'hangup',uniqueid:'1.%d'}", i),
		}
		if err := archive.Keep(t.Context(), w.objects, e); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, e)
	}
	before := len(w.rollup.tap.Calls())
	w.hour(t)
	calls := slices.DeleteFunc(w.rollup.tap.Calls()[before:], func(c tap.Call) bool { return !strings.Contains(c.Resource, string(of)) })
	want, err := archive.Lines(kept)
	if err != nil {
		t.Fatal(err)
	}
	folder := archive.RawFolder(pbx.KindHangup, pbx.UTCDay(at)) + string(of)
	for name, err := range w.objects.List(t.Context(), folder, "") {
		var lines []byte
		if err == nil {
			lines, err = archive.Unpack(w.read(t, name))
		}
		if err != nil || name != folder+".0001.ndjson.gz" || string(lines) != string(want) {
			t.Errorf("%s has %d bytes of %d: %v", name, len(lines), len(want), err)
		}
	}
	u := bill.Of(calls).Times(1. / packedEvents)
	return bill.Usage{Puts: u.Puts, Gets: u.Gets, GBSeconds: w.rollup.gigabytes(t) * bill.PackSeconds}
}

// costOfADay rolls up the profile's first Wednesday.
func (w *world) costOfADay(t *testing.T) bill.Usage {
	profile := bill.Profile()
	task := rollup.Task{MAC: "0200000000ad", Day: pbx.DayOf(time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC))}
	var writers errgroup.Group
	writers.SetLimit(8)
	for e := range profile.Events() {
		if profile.DayOf(e.At) > 2 {
			break
		}
		if profile.DayOf(e.At) < 2 || e.Event.Kind() == pbx.KindExtensionStatus {
			continue
		}
		writers.Go(func() error {
			_, err := w.store.Record(t.Context(), store.Origin{MAC: task.MAC, At: e.At, Zone: pbx.UTC}, e.Event)
			return err
		})
	}
	if err := writers.Wait(); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	u := w.rollup.measure(t, 1, func() {
		answer, lines := w.rollup.invoke(t, sqsEvent(t, string(text)))
		if answer != `{"batchItemFailures":[]}` || !strings.Contains(lines, `"result":"published"`) {
			t.Errorf("the worker answers %s\n%s", answer, lines)
		}
	})
	u.Queue += 2 // the event source receives the message and deletes it
	u.GBSeconds = w.rollup.gigabytes(t) * bill.DaySeconds
	return u
}

// push measures pushes, each of which API Gateway takes and logs.
func (w *world) push(t *testing.T, n int, do func()) bill.Usage {
	t.Helper()
	u := w.ingest.measure(t, n, do)
	u.Requests = float64(n)
	u.GBSeconds = w.ingest.gigabytes(t) * bill.EventSeconds * float64(n)
	u.LogBytes += w.accessBytes(t) * float64(n)
	return u
}

// accessBytes are those of a line of the access log.
func (w *world) accessBytes(t *testing.T) float64 {
	t.Helper()
	format := template.Text(template.Get(w.template.Resource("Api"), "Properties", "AccessLogSettings", "Format"))
	if format == "" {
		t.Fatal("the template has no format of the access log")
	}
	return float64(len(format)) // about as much as its variables' values
}

// platform are the lines that Lambda logs of each invocation, but not of the ingest function's.
var platform = regexp.MustCompile(`(?m)^(START|END|REPORT) RequestId: .*$`)

// measure measures what the function uses for some invocations, but for their time.
func (f *function) measure(t *testing.T, invocations int, do func()) bill.Usage {
	t.Helper()
	calls, out := len(f.tap.Calls()), len(f.out.String())
	do()
	reports := func() int { return strings.Count(f.out.String()[out:], "REPORT RequestId: ") }
	for deadline := time.Now().Add(10 * time.Second); reports() < invocations && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond) // they come after the answer
	}
	if reports() != invocations {
		t.Fatalf("%d invocations, want %d", reports(), invocations)
	}
	text := f.out.String()[out:]
	u := bill.Of(f.tap.Calls()[calls:])
	u.Invocations = float64(invocations)
	lines := ownLines(text)
	if f.name != "IngestFunction" {
		lines = append(lines, platform.FindAllString(text, -1)...)
	}
	for _, line := range lines {
		u.LogBytes += float64(len(line))
	}
	t.Logf("%s: %v", f.name, regexp.MustCompile(`Billed Duration: \d+ ms`).FindAllString(text, -1))
	return u
}

// gigabytes is the function's memory.
func (f *function) gigabytes(t *testing.T) float64 {
	found := regexp.MustCompile(`Memory Size: (\d+) MB`).FindStringSubmatch(f.out.String())
	if found == nil {
		t.Fatal("no report has the memory")
	}
	megabytes, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return float64(megabytes) / 1024
}

// metrics are those that CloudWatch counts for lines: a name with a value for each of its
// dimensions.
func metrics(t *testing.T, lines []string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, line := range lines {
		var members map[string]any
		var embedded struct {
			AWS struct {
				CloudWatchMetrics []struct {
					Dimensions [][]string
					Metrics    []struct{ Name string }
				}
			} `json:"_aws"`
		}
		if err := json.Unmarshal([]byte(line), &embedded); err != nil {
			t.Fatal(err)
		}
		json.Unmarshal([]byte(line), &members)
		for _, directive := range embedded.AWS.CloudWatchMetrics {
			for _, dimensions := range directive.Dimensions {
				values := make([]any, len(dimensions))
				for i, d := range dimensions {
					values[i] = members[d]
				}
				for _, metric := range directive.Metrics {
					found[fmt.Sprint(metric.Name, dimensions, values)] = true
				}
			}
		}
	}
	return found
}
