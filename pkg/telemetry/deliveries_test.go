package telemetry

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
)

func hangup() ingest.Report {
	return ingest.Report{MAC: "68692e0b0001", Took: 900 * time.Millisecond, Events: []ingest.Result{{Kind: pbx.KindHangup}}}
}

func TestADeliveryOfWhichAllIsStoredIsCountedByTheMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		observe := DeliveryMetrics(&out, "Trunkline/test", false, time.Now)
		written := func() string {
			defer out.Reset()
			return out.String()
		}
		observe(t.Context(), hangup())
		const want = `"level":"INFO","msg":"deliveries","outcome":"stored","kind":"hangup","deliveries":1,"events":1,` +
			`"_aws":{"Timestamp":946684800000,"CloudWatchMetrics":[{"Namespace":"Trunkline/test","Dimensions":[["outcome"],["outcome","kind"]],` +
			`"Metrics":[{"Name":"events","Unit":"Count"}]}]}}` + "\n"
		if got := written(); !strings.HasSuffix(got, want) {
			t.Errorf("the first is not counted at once: %s\nwant …%s", got, want)
		}
		for range 3 {
			observe(t.Context(), hangup())
			observe(t.Context(), ingest.Report{Array: true, Events: make([]ingest.Result, 5)})
		}
		time.Sleep(countedEvery - 1)
		observe(t.Context(), hangup())
		if got := written(); got != "" {
			t.Errorf("within a minute: %s", got)
		}
		time.Sleep(time.Nanosecond)
		observe(t.Context(), hangup())
		lines := strings.SplitAfter(written(), "\n")
		if len(lines) != 3 || !strings.Contains(lines[0], `"kind":"array","deliveries":3,"events":15,`) || !strings.Contains(lines[1], `"kind":"hangup","deliveries":5,"events":5,`) {
			t.Errorf("after a minute: %q", lines)
		}
		time.Sleep(time.Hour)
		observe(t.Context(), hangup())
		if got := written(); !strings.Contains(got, `"deliveries":1,"events":1,`) {
			t.Errorf("what was counted is counted again: %s", got)
		}
	})
}

func TestWhatIsRemarkableIsALineAtOnce(t *testing.T) {
	for name, change := range map[string]func(*ingest.Report){
		"slow":         func(r *ingest.Report) { r.Took = time.Second },
		"spilled":      func(r *ingest.Report) { r.Spilled = 1 },
		"sealed":       func(r *ingest.Report) { r.Sealed = 1 },
		"failed":       func(r *ingest.Report) { r.Err = errors.New("no network") },
		"unavailable":  func(r *ingest.Report) { r.Outcome = ingest.Unavailable },
		"partial":      func(r *ingest.Report) { r.Outcome = ingest.Partial },
		"quarantined":  func(r *ingest.Report) { r.Events[0].Outcome = ingest.Undecodable },
		"unrecognised": func(r *ingest.Report) { r.Events[0].Name = "Newchannel" },
		"refused":      func(r *ingest.Report) { *r = ingest.Report{Outcome: ingest.Unauthorised} },
		"only tried":   func(r *ingest.Report) { *r = ingest.Report{Outcome: ingest.Admitted} },
	} {
		var out strings.Builder
		observe := DeliveryMetrics(&out, "any", false, time.Now)
		r := hangup()
		change(&r)
		observe(t.Context(), r)
		observe(t.Context(), r)
		if n := strings.Count(out.String(), `"msg":"delivery",`); n != 2 || strings.Count(out.String(), "\n") != 2 {
			t.Errorf("%s: %d of two are lines\n%s", name, n, &out)
		}
	}
}

// Whatever is logged, the metrics come to the same.
func TestEachEventIsCountedOnce(t *testing.T) {
	for _, all := range []bool{true, false} {
		var out strings.Builder
		at := time.UnixMilli(0)
		observe := DeliveryMetrics(&out, "any", all, func() time.Time { return at })
		for i := range 100 {
			r := hangup()
			if i%10 == 0 {
				r.Spilled = 1
			}
			observe(t.Context(), r)
			at = at.Add(7 * time.Second)
		}
		at = at.Add(countedEvery)
		observe(t.Context(), hangup())
		var counted int
		for line := range strings.Lines(out.String()) {
			var l struct{ Events int }
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			counted += l.Events
		}
		if counted != 101 {
			t.Errorf("all=%v: %d events are counted of 101", all, counted)
		}
	}
}
