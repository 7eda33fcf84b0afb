package telemetry

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
)

func TestADeliveryIsOneLineThatIsCountedToo(t *testing.T) {
	var out strings.Builder
	observe := DeliveryMetrics(&out, "Trunkline/test", true, func() time.Time { return time.UnixMilli(1795507199987) })
	observe(t.Context(), ingest.Report{MAC: "68692e0b0001", Took: 1500 * time.Microsecond,
		Events: []ingest.Result{{Kind: pbx.KindCallRecord}}})
	const want = `"level":"INFO","msg":"delivery","mac":"68692e0b0001","outcome":"stored","kind":"cc_cdr","events":1,"spilled":0,"quarantined":0,"took_ms":1.5,` +
		`"_aws":{"Timestamp":1795507199987,"CloudWatchMetrics":[{"Namespace":"Trunkline/test","Dimensions":[["outcome"],["outcome","kind"]],` +
		`"Metrics":[{"Name":"events","Unit":"Count"}]},` +
		`{"Namespace":"Trunkline/test","Dimensions":[[]],"Metrics":[{"Name":"spilled","Unit":"Count"},{"Name":"quarantined","Unit":"Count"}]}]}}` + "\n"
	if !strings.HasSuffix(out.String(), want) {
		t.Errorf("got\n%swant …\n%s", out.String(), want)
	}
}

func TestEventsOfSealedDaysAreCounted(t *testing.T) {
	var out strings.Builder
	DeliveryMetrics(&out, "Trunkline/test", false, time.Now)(t.Context(), ingest.Report{Array: true, Sealed: 2, Events: make([]ingest.Result, 3)})
	for _, want := range []string{`"events":3`, `"sealed":2`, `"Dimensions":[[]],"Metrics":[{"Name":"spilled","Unit":"Count"},` +
		`{"Name":"quarantined","Unit":"Count"},{"Name":"sealed","Unit":"Count"}]`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
}

func TestADeliveryThatWentWrongSaysWhere(t *testing.T) {
	for _, c := range []struct {
		report ingest.Report
		want   string
	}{
		{ingest.Report{Outcome: ingest.Undecodable, Events: []ingest.Result{{Outcome: ingest.Undecodable, Err: &zycoo.Error{Line: 2, Column: 3, Member: "queueTime", Reason: "who called"}}}},
			`level=WARN msg=delivery mac="" outcome=undecodable kind=none events=1 spilled=0 quarantined=1 took_ms=0 line=2 column=3 member=queueTime`},
		{ingest.Report{Outcome: ingest.UnknownCoding, Events: []ingest.Result{{Outcome: ingest.UnknownCoding, Err: &zycoo.Error{Reason: "who called"}}}},
			`level=WARN msg=delivery mac="" outcome=unknown_coding kind=none events=1 spilled=0 quarantined=1 took_ms=0`},
		{ingest.Report{Outcome: ingest.Unavailable, Err: errors.New("no network")},
			`level=ERROR msg=delivery mac="" outcome=unavailable kind=none events=1 spilled=0 quarantined=0 took_ms=0 error="no network"`},
		{ingest.Report{Outcome: ingest.Admitted}, `level=INFO msg=delivery mac="" outcome=opens kind=none events=0 spilled=0 quarantined=0 took_ms=0`},
		{ingest.Report{Array: true, Events: []ingest.Result{{Name: "Newchannel"}, {}, {Name: "Newchannel"}, {Name: "other"}}},
			`level=INFO msg=delivery mac="" outcome=stored kind=array events=4 spilled=0 quarantined=0 took_ms=0 unrecognised="Newchannel 2, other 1"`},
		{ingest.Report{Array: true, Events: make([]ingest.Result, 7)},
			`level=INFO msg=delivery mac="" outcome=stored kind=array events=7 spilled=0 quarantined=0 took_ms=0`},
		{ingest.Report{Array: true, Outcome: ingest.Partial, Events: []ingest.Result{{}, {Outcome: ingest.Mismatch}, {Outcome: ingest.Undecodable}, {Outcome: ingest.Unrecognised}}},
			`level=INFO msg=delivery mac="" outcome=partial kind=array events=4 spilled=0 quarantined=2 took_ms=0`},
	} {
		var out strings.Builder
		Deliveries(slog.New(slog.NewTextHandler(&out, nil)))(t.Context(), c.report)
		if !strings.Contains(out.String(), c.want+"\n") || strings.Contains(out.String(), "who called") {
			t.Errorf("got\n%swant …\n%s", &out, c.want)
		}
	}
}
