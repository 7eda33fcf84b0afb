package rooms

import (
	"slices"
	"strings"
	"testing"
)

func TestEverythingStandsInItsRoom(t *testing.T) {
	for _, violation := range load(t).violations() {
		t.Error(violation)
	}
}

// A rule that cannot fail is useless. So each rule gets a repository that breaks this rule only.
func TestEachRuleCanFail(t *testing.T) {
	tests := []struct {
		from, to string
		because  string
	}{
		{"pkg/pbx", "trunkline/testdata", "the vocabulary stands on nothing"},
		{"pkg/each", "trunkline/pkg/pbx", "the one way to loop stands on nothing"},
		{"pkg/cache", "trunkline/pkg/pbx", "what remembers values need not know what"},
		{"pkg/retry", "trunkline/pkg/pbx", "what tries again need not know what"},
		{"pkg/faulttest", "trunkline/pkg/pbx", "how a call fails depends on no call"},
		{"pkg/store/sqlite", "trunkline/pkg/faulttest", "only test suites let calls fail"},
		{"pkg/zycoo", "trunkline/pkg/token", "the dialect and tokens know the vocabulary only"},
		{"pkg/naming", "trunkline/pkg/store", "names, opening hours and targets stand on nothing"},
		{"pkg/token", "trunkline/pkg/store", "the dialect and tokens know the vocabulary only"},
		{"pkg/store", "trunkline/pkg/archive", "the records know the vocabulary only"},
		{"pkg/store/sqlite", "trunkline/pkg/ingest", "a table knows the records it keeps, and nothing above them"},
		{"pkg/archive", "trunkline/pkg/zycoo", "the archive knows the vocabulary only"},
		{"pkg/archive/dir", "trunkline/pkg/store", "a bucket knows the archive it keeps, and nothing above it"},
		{"pkg/kpi", "trunkline/pkg/store", "the figures know the vocabulary, and how to sort"},
		{"pkg/eventjson", "trunkline/pkg/store", "the JSON of events knows the vocabulary only"},
		{"pkg/extsort", "trunkline/pkg/pbx", "whoever sorts need not know what"},
		{"pkg/scratch", "trunkline/pkg/pbx", "a temporary file holds anything"},
		{"pkg/curated", "trunkline/pkg/store", "the tables of figures know figures, the vocabulary and where they lie"},
		{"pkg/rollup", "trunkline/pkg/zycoo", "the rollup computes what is recorded, however that came in"},
		{"pkg/erase", "trunkline/pkg/rollup", "an erasure knows what is kept, and not who keeps it or computes with it"},
		{"functions/rollup", sdk + "service/cloudformation", "a function looks at no stack, and asks nobody who it is"},
		{"functions/rollup", sdk + "service/sts/types", "a function looks at no stack, and asks nobody who it is"},
		{"functions/ingest", "github.com/parquet-go/parquet-go", "only the rollup carries Parquet"},
		{"pkg/rollup", sdk + "service/sqs", "one package speaks to SQS"},
		{"pkg/ingest", sdk + "service/dynamodb", "one package speaks to DynamoDB"},
		{"pkg/ingest", sdk + "service/dynamodb/types", "one package speaks to DynamoDB"},
		{"pkg/store/dynamo", sdk + "service/s3", "one package speaks to S3"},
		{"pkg/archive/s3", sdk + "service/firehose", "one package speaks to Firehose"},
		{"functions/ingest", "modernc.org/sqlite", "a function carries no embedded database"},
		{"functions/rollup", sdk + "config", "the SDK's config is half of a cold start"},
		{"functions/ingest", "trunkline/pkg/local", "only an operator's program runs on one machine"},
		{"pkg/ingest", "trunkline/pkg/cloud", "clients of AWS are made where a program is put together"},
		{"pkg/maintenance", "trunkline/pkg/store/dynamo", "what is done hourly is the same in the cloud and on one machine"},
		{"pkg/ingest", "trunkline/infra/pbxctl", "packages do not know the programs made of them"},
		{"pkg/ingest", "trunkline/functions/ingest", "packages do not know the programs made of them"},
		{"pkg/apigw", "github.com/aws/aws-lambda-go/lambda", "one place knows Lambda"},
	}
	proven := map[string]bool{}
	for _, test := range tests {
		t.Run(test.from+" to "+test.to, func(t *testing.T) {
			from := module + "/" + test.from
			repo := repository{packages: map[string]goPackage{from: {imports: []string{test.to}}}}
			got := repo.violations()
			if len(got) != 1 || !strings.HasSuffix(got[0], test.because) {
				t.Errorf("violations = %q, want only that %s", got, test.because)
			}
		})
		proven[test.because] = true
	}
	for _, a := range arrows {
		if !proven[a.because] {
			t.Errorf("no test breaks the rule that %s", a.because)
		}
	}
}

func TestLinkingGoesThroughOthers(t *testing.T) {
	repo := repository{packages: map[string]goPackage{
		"trunkline/functions/ingest": {imports: []string{"example.org/a"}},
		"example.org/a":              {imports: []string{"example.org/b", "example.org/a"}},
		"example.org/b":              {imports: []string{"modernc.org/sqlite/lib"}},
	}}
	if got := repo.violations(); len(got) != 1 {
		t.Errorf("violations = %q, want one", got)
	}
}

func TestHabitsCanFail(t *testing.T) {
	of := func(at string, p goPackage) repository {
		return repository{packages: map[string]goPackage{module + "/" + at: p}}
	}
	clock := goPackage{name: "kpi", clock: []string{"kpi.go:3"}}
	program := goPackage{name: "main", clock: []string{"main.go:3"}}
	tests := map[string]struct {
		repo repository
		want string
	}{
		"a name that says nothing":     {of("pkg/util", goPackage{name: "util"}), "says nothing"},
		"the same, in a good folder":   {of("pkg/kpi", goPackage{name: "helpers"}), "says nothing"},
		"a clock that is not given":    {of("pkg/kpi", clock), "kpi.go:3 reads the clock"},
		"a program's clock":            {of("functions/rollup", program), ""},
		"a conformance suite's clock":  {of("pkg/store/storetest", clock), ""},
		"a chain of steps":             {of("pkg/kpi", goPackage{chains: []string{"kpi.go:9"}}), "kpi.go:9 goes on after an error"},
		"a chain of a suite":           {of("infra/soak", goPackage{name: "main", chains: []string{"main.go:9"}}), ""},
		"an init":                      {of("pkg/kpi", goPackage{inits: []string{"kpi.go:9"}}), "kpi.go:9 is a func init"},
		"a program's init":             {of("infra/pbxctl", goPackage{name: "main", inits: []string{"main.go:9"}}), "init"},
		"a stranger at the top":        {repository{top: []string{"scripts"}}, "scripts has no place"},
		"all that may be at the top":   {repository{top: append(strings.Fields(topLevel), ".ci")}, ""},
		"a dependency's name and init": {repository{packages: map[string]goPackage{"example.org/util": {name: "util", inits: []string{"a.go:1"}}}}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := test.repo.violations()
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)) {
				t.Errorf("violations = %q, want %q", got, test.want)
			}
		})
	}
}

func TestHabitsAreSeenInSource(t *testing.T) {
	const source = `package p
import clock "time"
var tick = clock.Now
func init() {}
func f(t clock.Time) { _ = clock.Since(t); _ = clock.Until(t); _ = clock.UnixMilli(0) }
type time struct{}
func (time) Now() {}
func (time) init() {}
func g() { var time time; time.Now() }
`
	clock, inits := habits(t, "p.go", source)
	if want := []string{"p.go:3", "p.go:5", "p.go:5"}; !slices.Equal(clock, want) {
		t.Errorf("clock = %q, want %q", clock, want)
	}
	if want := []string{"p.go:4"}; !slices.Equal(inits, want) {
		t.Errorf("inits = %q, want %q", inits, want)
	}
}
