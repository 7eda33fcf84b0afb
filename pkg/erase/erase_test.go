package erase_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/erase"
	"trunkline/pkg/pbx"
	"trunkline/pkg/redrive"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/zycoo"
)

func TestANumberIsNowhereAfterItsErasure(t *testing.T) {
	w := full(t)
	w.rollUp()
	figures := w.figures()
	var found []erase.Finding
	e := w.erasure(w.table, w.bucket, &found)
	days, err := e.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(days[mac]) != 2 || len(days[other]) != 0 {
		t.Errorf("days to be computed again: %v", days)
	}
	if _, err := redrive.New(store.New(w.table, before), archive.NewDirect(w.bucket), w.bucket, before).Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.mustBeReplayed()
	w.rollUp()
	if err := e.Figures(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.mustBeClean()
	if got := w.figures(); !slices.Equal(got, figures) {
		t.Errorf("figures are\n%s\nand were\n%s", strings.Join(got, "\n"), strings.Join(figures, "\n"))
	}
	count := map[string]int{}
	for _, f := range found {
		count[f.Where] += f.Count
	}
	for where, want := range map[string]int{"raw": 16, "quarantine": 3, "spill": 1, "SPILL": 1, "CALL": 4, "CDR": 1, "IVR": 1, "LIVE": 4, "EXT": 2, "EXTLOG": 3} {
		if count[where] != want {
			t.Errorf("found %d in %s, want %d", count[where], where, want)
		}
	}
	found = nil
	if _, err := e.Run(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("the second time it finds %+v, %v", found, err)
	}
}

func TestANumberIsErasedFromFilesWhoseRecordsAreGone(t *testing.T) {
	w := full(t)
	w.rollUp()
	file := "curated/calls/dt=2026-11-20/" + string(mac) + ".parquet"
	before := w.objects()[file]
	if !strings.Contains(before, "01511234567") {
		t.Fatalf("the number is not in %s", before)
	}
	var found []erase.Finding
	if err := w.erasure(w.table, w.bucket, &found).Figures(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("+491511234567", "+"+erase.Masked, "01511234567", erase.Masked).Replace(before)
	if got := w.objects()[file]; got != want {
		t.Errorf("the file has\n%s\nwant\n%s", got, want)
	}
	if len(found) != 2 || found[0].MAC != mac {
		t.Errorf("found %+v", found)
	}
}

// While it waits for delivery streams, an hourly run hands on what was spilled, and releases what was
// refused: both are masked before. What the streams had is delivered in the end.
func TestAnErasureWaitsForDeliveryStreams(t *testing.T) {
	w := full(t)
	w.rollUp()
	const body = "{event:'hangup', uniqueid:'99', calleridnum:'01511234567'}"
	waited := false
	e := w.erasure(w.table, w.bucket, new([]erase.Finding))
	e.Settle = func(context.Context) error {
		waited = true
		for _, text := range w.texts() {
			handedOn := strings.HasPrefix(text, "SPILL#") || strings.HasPrefix(text, archive.QuarantinePrefix)
			if handedOn && strings.Contains(text, "01511234567") {
				t.Errorf("it may come back: %s", text)
			}
		}
		w.receive(mac, body)
		return nil
	}
	if _, err := e.Run(t.Context()); err != nil || !waited {
		t.Fatal(waited, err)
	}
	if err := e.Figures(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.mustBeClean()
	again := w.erasure(w.table, w.bucket, new([]erase.Finding))
	again.DryRun, again.Settle = true, func(context.Context) error { t.Error("a dry run waits"); return nil }
	if _, err := again.Run(t.Context()); err != nil {
		t.Error(err)
	}
	failed := errors.New("cut off")
	again.DryRun, again.Settle = false, func(context.Context) error { return failed }
	if _, err := again.Run(t.Context()); !errors.Is(err, failed) {
		t.Errorf("it did not wait: %v", err)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	w := full(t)
	w.rollUp()
	before := w.texts()
	var found []erase.Finding
	e := w.erasure(w.table, w.bucket, &found)
	e.DryRun = true
	if _, err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Figures(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := w.texts()
	slices.Sort(before)
	slices.Sort(after)
	if !slices.Equal(before, after) || len(found) < 20 {
		t.Errorf("it found %d places, or changed something", len(found))
	}
}

func TestOnlyWhatWasReceivedOnCertainDaysIsErased(t *testing.T) {
	w := newWorld(t)
	const body = "{event:'hangup', uniqueid:'1', calleridnum:'01511234567'}"
	w.receive(mac, body)
	w.at = w.at.AddDate(0, 0, 1)
	w.receive(mac, strings.Replace(body, "'1'", "'2'", 1))
	w.at = w.at.AddDate(0, 0, 1)
	w.receive(mac, strings.Replace(body, "'1'", "'3'", 1))
	var found []erase.Finding
	e := w.erasure(w.table, w.bucket, &found)
	day := pbx.UTCDay(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
	e.First, e.Last = day, day
	if _, err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || strings.Count(strings.Join(w.texts(), " "), "01511234567") != 2*3 {
		t.Errorf("found %+v", found)
	}
	w.mustBeReplayed()
}

// Whichever call fails, and whichever write that happened all the same: started again, an
// erasure ends as if nothing had happened.
func TestAnErasureThatWasBrokenOffGoesOn(t *testing.T) {
	original := full(t)
	undisturbed := original.clone()
	if _, err := undisturbed.erasure(undisturbed.table, undisturbed.bucket, new([]erase.Finding)).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := undisturbed.state()
	for _, persisted := range []bool{false, true} {
		for n := int64(1); ; n++ {
			w, calls := original.clone(), &countdown{left: n, writes: persisted}
			w.resumed(w.erasure(storetest.NewFaulty(w.table, calls.table), w.bucket, new([]erase.Finding)), calls, want)
			if calls.left > 0 {
				break
			}
		}
		for n := int64(1); ; n++ {
			w, calls := original.clone(), &countdown{left: n, writes: persisted}
			w.resumed(w.erasure(w.table, archivetest.NewFaulty(w.bucket, calls.bucket), new([]erase.Finding)), calls, want)
			if calls.left > 0 {
				break
			}
		}
	}
}

// countdown has a call fail after others.
type countdown struct {
	mu     sync.Mutex
	left   int64
	writes bool // only writes are counted, and the one that fails is made all the same
	failed string
}

func (c *countdown) fails(method string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writes && !slices.Contains([]string{"Put", "Replace", "Delete"}, method) {
		return false
	}
	if c.left--; c.left == 0 {
		c.failed = method
	}
	return c.left == 0
}

func (c *countdown) table(call storetest.Call) storetest.Fault {
	switch fails := c.fails(call.Method); {
	case fails && c.writes:
		return storetest.FailsButPersisted
	case fails:
		return storetest.Fails
	}
	return storetest.None
}

func (c *countdown) bucket(call archivetest.Call) archivetest.Fault {
	switch fails := c.fails(call.Method); {
	case fails && c.writes:
		return archivetest.FailsButPersisted
	case fails:
		return archivetest.Fails
	}
	return archivetest.None
}

// resumed runs an erasure of which a call fails, and then again.
func (w *world) resumed(broken *erase.Erasure, calls *countdown, want string) {
	w.t.Helper()
	if _, err := broken.Run(context.Background()); err == nil && w.state() != want {
		w.t.Fatalf("%q fails, and the erasure doesn't say so", calls.failed)
	}
	if _, err := w.erasure(w.table, w.bucket, new([]erase.Finding)).Run(context.Background()); err != nil {
		w.t.Fatalf("after %q failed: %v", calls.failed, err)
	}
	if got := w.state(); got != want {
		w.t.Fatalf("after %q failed there is\n%s\nwant\n%s", calls.failed, got, want)
	}
}

// state is what the stores have, but for marks and Parquet files, which name the time.
func (w *world) state() string {
	var all []string
	for _, text := range w.texts() {
		if !strings.HasPrefix(text, "DUE#") && !strings.HasPrefix(text, "curated/") && !strings.Contains(text, " DAY#") &&
			!strings.Contains(text, " MARKED ") && !strings.Contains(text, " SEEN ") {
			all = append(all, text)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func TestAnErasureTakesNothingElseFromAReceipt(t *testing.T) {
	for name, c := range map[string]struct {
		body, reason string
		event        pbx.Event
		changed      string
		decoder      int
	}{
		"of an event":                             {"{event:'hangup', uniqueid:'1', calleridnum:'01511234567'}", "", hangupOf("01511234567"), "[ID Body]", 0},
		"of what was refused":                     {"{ 01511234567", "no", nil, "[ID Body]", 1},
		"of a reason alone":                       {"{", "01511234567 is no time", nil, "[Reason]", 1},
		"of a body that this version cannot read": {"{ 01511234567", "", hangupOf(""), "[ID Kind Reason Decoder Body]", zycoo.Version},
	} {
		t.Run(name, func(t *testing.T) {
			w, was := newWorld(t), archivetest.FullReceipt(t)
			was.Body = []byte(c.body)
			e := was.Refused(c.reason, 0).Envelope(c.event)
			line, err := archive.Lines([]archive.Envelope{e})
			if err == nil {
				was, err = archive.ParseReceipt(line)
			}
			if err == nil {
				err = w.bucket.Put(t.Context(), e.Name(), line)
			}
			if err != nil {
				t.Fatal(err)
			}
			var found []erase.Finding
			if _, err := w.erasure(w.table, w.bucket, &found).Run(t.Context()); err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			for name, object := range w.objects() {
				is, err := archive.ParseReceipt([]byte(object))
				if got := fmt.Sprint(archivetest.Differences(was, is)); err != nil || got != c.changed || is.Decoder != c.decoder || is.Name() != name {
					t.Errorf("%s differs in %s, %v: %s", name, got, err, object)
				}
			}
		})
	}
}

func hangupOf(number string) pbx.Event { return &pbx.Hangup{UniqueID: "1", CallerIDNum: number} }
