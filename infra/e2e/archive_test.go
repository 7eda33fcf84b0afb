//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/infra/e2e/bill"
	"trunkline/infra/e2e/permit"
	"trunkline/infra/e2e/tap"
	"trunkline/infra/fleet"
	"trunkline/pkg/archive"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/pbx"
)

// LocalStack delivers at once and uncompressed, into a deeper folder.
func TestWhatIsArchivedThroughDeliveryStreams(t *testing.T) {
	w := deploy(t, "firehose")
	t.Run("raw/ has what was posted", w.testRaw)
	t.Run("a record for each delivery and kind", w.testRecords)
	t.Run("streams that stop", w.testStreamsThatStop)
	t.Run("rights", w.testRightsToStreams)
	if t.Failed() {
		t.Logf("%s\n%s", w.ingest.out, w.rollup.out)
	}
}

// testRaw posts the events of a day, each by itself and some together, and reads them in raw/.
func (w *world) testRaw(t *testing.T) {
	made := fleet.Config{Seed: 5, PBXs: 1, First: pbx.UTCDay(time.Now()), Days: 1, CallsPerDay: 24}.All()[0]
	made.MAC = "0200000000b1"
	posted := map[string]int{}
	var together []string
	for e := range made.Events() {
		body := string(fleet.Body(e.Event, fleet.JSON))
		posted[body]++
		if len(together) < 9 {
			together = append(together, body)
			continue
		}
		w.post(t, made.MAC, body)
	}
	w.post(t, made.MAC, "["+strings.Join(together, ",")+"]")
	if got := w.inRaw(t, made.MAC); !maps.Equal(got, posted) || len(posted) < 20 {
		t.Errorf("raw/ has %d bodies of %d:\n%v\nposted were\n%v", len(got), len(posted), got, posted)
	}
}

func (w *world) post(t *testing.T, mac pbx.MAC, body string) {
	t.Helper()
	if status, answer := ingesttest.Post(t, w.endpoint().URL(mac, 1), []byte(body)); status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
}

// inRaw counts the bodies of a PBX in raw/, each event once.
func (w *world) inRaw(t *testing.T, mac pbx.MAC) map[string]int {
	t.Helper()
	bodies, seen := map[string]int{}, map[string]bool{}
	today := pbx.UTCDay(time.Now())
	for line, err := range (archive.Part{First: today - 1, Last: today, MAC: mac}).Lines(t.Context(), w.objects) {
		if err != nil {
			t.Fatal(err)
		}
		receipt, err := archive.ParseReceipt(line.Text)
		if err != nil {
			t.Fatal(err)
		}
		if !seen[receipt.ID] {
			seen[receipt.ID] = true
			bodies[string(receipt.Body)]++
		}
	}
	return bodies
}

// failDelivery puts an event where delivery streams put what they can't deliver, as they do.
func (w *world) failDelivery(t *testing.T) archive.Envelope {
	t.Helper()
	e := archive.Envelope{MAC: "0200000000b4", Received: time.Now(), Event: &pbx.Hangup{UniqueID: "1"}, Body: []byte("{event:'hangup',uniqueid:'1'}")}
	lines, err := archive.Lines([]archive.Envelope{e})
	if err != nil {
		t.Fatal(err)
	}
	record, err := json.Marshal(map[string]any{"errorCode": "S3.AccessDenied", "rawData": lines})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.objects.Put(t.Context(), archive.FailuresPrefix+"kind=hangup/one", record); err != nil {
		t.Fatal(err)
	}
	return e
}

// checkDelivered checks that the event is archived.
func (w *world) checkDelivered(t *testing.T, e archive.Envelope) {
	t.Helper()
	if got := w.inRaw(t, e.MAC); got[string(e.Body)] != 1 {
		t.Errorf("what was not delivered is not in raw/: %v", got)
	}
	for name := range w.objects.List(t.Context(), archive.FailuresPrefix, "") {
		t.Errorf("%s is left", name)
	}
}

const hangup = "{event:'hangup',uniqueid:'%d'}"

// testRecords checks which requests archive events.
func (w *world) testRecords(t *testing.T) {
	const mac = "0200000000b2"
	w.post(t, mac, fmt.Sprintf(hangup, 1)) // its first one reads more
	before := len(w.ingest.tap.Calls())
	w.post(t, mac, "["+fmt.Sprintf(hangup, 2)+","+fmt.Sprintf(hangup, 3)+",{event:'extensionstatus',exten:'801',statustext:'Idle'}]")
	made := map[string]int{}
	for _, c := range w.ingest.tap.Calls()[before:] {
		if c.Service == "s3" || c.Service == "firehose" {
			made[c.Operation+" "+c.Resource]++
		}
	}
	want := map[string]int{"PutRecord " + w.streams() + "hangup": 1, "PutRecord " + w.streams() + "extensionstatus": 1}
	if !maps.Equal(made, want) {
		t.Errorf("requests %v, want %v", made, want)
	}
	if u := bill.Of(w.ingest.tap.Calls()[before:]); u.Puts != 0 || u.Streamed != 2*5120 {
		t.Errorf("on the bill are %+v", u)
	}
}

// testStreamsThatStop has the table keep what the streams do not take, until the schedule hands it on.
func (w *world) testStreamsThatStop(t *testing.T) {
	const mac = "0200000000b3"
	posted := map[string]int{}
	for i, fault := range []tap.Fault{tap.Refuses, tap.Hangs, tap.Denies, tap.Cuts} {
		w.ingest.tap.Break("firehose", fault)
		body := fmt.Sprintf(hangup, i)
		posted[body]++
		w.post(t, mac, body)
	}
	w.ingest.tap.Break("firehose", tap.None)
	if got := w.inRaw(t, mac); len(got) > 1 {
		t.Errorf("before the schedule raw/ has %v", got)
	}
	w.redrive(t)
	if got := w.inRaw(t, mac); !maps.Equal(got, posted) {
		t.Errorf("raw/ has %v, posted were %v", got, posted)
	}
}

// testRightsToStreams holds the roles against the calls that were made in the tests before.
func (w *world) testRightsToStreams(t *testing.T) {
	right := "firehose:PutRecord deliverystream/" + w.streams() + "*"
	for _, f := range []*function{w.ingest, w.rollup} {
		needed, err := permit.Needed(f.tap.Calls())
		if err != nil {
			t.Fatal(err)
		}
		described, err := w.template.Function(f.name)
		if err != nil {
			t.Fatal(err)
		}
		statements, err := w.stack.Policy(t.Context(), described.Role)
		if err != nil {
			t.Fatal(err)
		}
		granted, err := permit.Granted(statements)
		if err != nil {
			t.Fatal(err)
		}
		if lacks := needed.Less(granted); len(lacks) > 0 || !needed[right] {
			t.Errorf("%s lacks %q, and needs %q", described.Role, lacks, slices.Sorted(maps.Keys(needed)))
		}
	}
}
