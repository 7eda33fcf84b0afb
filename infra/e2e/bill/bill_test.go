package bill

import (
	"flag"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trunkline/infra/e2e/tap"
	"trunkline/pkg/pbx"
)

var update = flag.Bool("update", false, "rewrite infra/docs/cost.md")

const (
	document = "../../docs/cost.md"
	template = "../../../template.yaml"
	alarms   = "../../alarms.yaml"
)

func TestTheDocumentsTellWhatItCosts(t *testing.T) {
	m, err := Noted()
	if err != nil {
		t.Fatal(err)
	}
	want := m.Report(ofTemplate(t))
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, document); got != want {
		t.Errorf("cost.md says\n%s\nwhat is measured is (go test ./infra/e2e/bill -update)\n%s", got, want)
	}
}

// ofTemplate reads of the templates what is watched, and the default of ThrottleRate.
func ofTemplate(t *testing.T) (Watch, float64) {
	t.Helper()
	var w Watch
	for _, resource := range regexp.MustCompile(`(?m)^  \w+:$`).Split(read(t, alarms), -1) {
		switch {
		case strings.Contains(resource, "Type: AWS::CloudWatch::Alarm"):
			w.Alarms += strings.Count(resource, "MetricName:")
		case strings.Contains(resource, "Type: AWS::CloudWatch::Dashboard"):
			w.Dashboards++
		}
	}
	found := regexp.MustCompile(`(?m)^  ThrottleRate:\n    Type: Number\n    Default: (\d+)$`).FindStringSubmatch(read(t, template))
	if found == nil {
		t.Fatal("the template has no ThrottleRate")
	}
	rate, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return w, rate
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// notInProfile are kinds that the PBX of the profile does not send: those of newer software.
var notInProfile = []pbx.Kind{pbx.KindUnrecognised, pbx.KindBridgeEnter, pbx.KindAgentLogin, pbx.KindAgentLogoff}

func TestEveryKindOfEventIsMeasured(t *testing.T) {
	m, err := Noted()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range pbx.Kinds() {
		if u := m.Events[kind]; u.Requests != 1 || u.Invocations != 1 || u.Puts < 1 {
			t.Errorf("%s: %+v", kind, u)
		}
	}
	sent := perMonth()
	for _, kind := range pbx.Kinds() {
		if (sent[kind] > 0) == slices.Contains(notInProfile, kind) {
			t.Errorf("the profile sends %.0f of %s", sent[kind], kind)
		}
	}
}

func TestCallsArePutOnTheBillByWhatAWSChargesFor(t *testing.T) {
	got := Of([]tap.Call{
		{Service: "dynamodb", Operation: "PutItem", Writes: 2, Stored: 1500},
		{Service: "dynamodb", Operation: "Query", Reads: 3.5},
		{Service: "s3", Operation: "PutObject", Stored: 4096},
		{Service: "s3", Operation: "ListObjectsV2"},
		{Service: "s3", Operation: "HeadObject", Status: 404},
		{Service: "s3", Operation: "GetObject"},
		{Service: "s3", Operation: "DeleteObject"},
		{Service: "sqs", Operation: "SendMessageBatch"},
		{Service: "firehose", Operation: "PutRecord", Stored: 5120},
		{Service: "secretsmanager", Operation: "GetSecretValue"},
	})
	want := Usage{WriteUnits: 2, ReadUnits: 3.5, Puts: 2, Gets: 2, Queue: 1, Streamed: 5120, Secrets: 1, TableBytes: 1500, BucketBytes: 4096}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The sums of a bill that was added up by hand.
func TestTheBillAddsUp(t *testing.T) {
	u := Usage{Requests: 1e6, Invocations: 1e6, GBSeconds: 25_000, WriteUnits: 2e6, ReadUnits: 4e6, Puts: 1e6, Gets: 1e6,
		Queue: 1e6, Streamed: 1 << 30, Secrets: 1e4, LogBytes: 1 << 30, TableBytes: 1 << 30, BucketBytes: 1 << 31}
	const want = 1 + 0.20 + 0.333335 + 1.25 + 0.50 + 5 + 0.40 + 0.029 + 0.40 + 0.05 + 0.50
	if got := u.Dollars(); math.Abs(got-want) > 1e-9 {
		t.Errorf("it costs $%f, want $%f", got, want)
	}
	if got := u.Keeping(); math.Abs(got-0.496) > 1e-9 {
		t.Errorf("to keep it costs $%f a month", got)
	}
	if half := u.Plus(u.Times(-0.5)); math.Abs(2*half.Dollars()-want) > 1e-9 || math.Abs(2*half.Keeping()-0.496) > 1e-9 {
		t.Errorf("half of it costs $%f", half.Dollars())
	}
}

func TestNumbersAreRoundedAndReadable(t *testing.T) {
	for n, want := range map[float64]string{1000: "1,000", 127_499: "130,000", 751.3: "750", 98.7: "99", 1_234_567: "1,200,000"} {
		if got := thousands(n); got != want {
			t.Errorf("%f is %s, want %s", n, got, want)
		}
	}
}
