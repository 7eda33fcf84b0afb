package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/ingest"
	"trunkline/pkg/telemetry"
	"trunkline/pkg/zycoo"
)

const ourNamespace = "Trunkline/${AWS::StackName}"

// awsMetrics are metrics of AWS that may be watched, by namespace and dimensions, as its
// documentation lists them.
func awsMetrics() map[string][]string {
	return map[string][]string{
		"AWS/ApiGateway{ApiId,Stage}":      {"4xx", "5xx", "Count", "Latency"},
		"AWS/Firehose{DeliveryStreamName}": {"DeliveryToS3.DataFreshness", "DeliveryToS3.Success"},
		"AWS/Lambda{FunctionName}":         {"ConcurrentExecutions", "Duration", "Errors", "Throttles"},
		"AWS/SQS{QueueName}":               {"ApproximateNumberOfMessagesVisible"},
		"AWS/DynamoDB{TableName}": {
			"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents",
		},
	}
}

// everyLine is a line of each sort that package telemetry logs.
func everyLine(t testing.TB) [][]byte {
	t.Helper()
	var log bytes.Buffer
	deliver := telemetry.DeliveryMetrics(&log, "any", false, time.Now)
	deliver(t.Context(), ingest.Report{Events: make([]ingest.Result, 1)}) // is only counted
	for outcome := range ingest.Outcomes {
		deliver(t.Context(), ingest.Report{
			Outcome: outcome, Events: []ingest.Result{{Err: &zycoo.Error{Line: 1}}}, Sealed: 1, Err: errors.New("failed"),
		})
	}
	sayEverything(t.Context(), telemetry.OperationsMetrics(&log, "any", time.Now))
	return slices.Collect(bytes.Lines(log.Bytes()))
}

// ourMetrics are all that package telemetry emits, as name{dimension=value,…}, with * for
// any value, too.
func ourMetrics(t testing.TB) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, line := range everyLine(t) {
		for _, m := range embedded(t, line) {
			all[m] = true
		}
	}
	return all
}

// sayEverything calls each method: without an error, with one, and with that of a loop that skipped something.
func sayEverything(ctx context.Context, r telemetry.Operations) {
	v := reflect.ValueOf(r)
	for i := range v.NumMethod() {
		method := v.Method(i)
		for _, err := range []reflect.Value{
			reflect.Zero(reflect.TypeFor[error]()), reflect.ValueOf(errors.New("failed")), reflect.ValueOf(&each.Skipped{Of: "things", Count: 1}),
		} {
			var args []reflect.Value
			for in := range method.Type().Ins() {
				switch in {
				case reflect.TypeFor[context.Context]():
					args = append(args, reflect.ValueOf(ctx))
				case reflect.TypeFor[error]():
					args = append(args, err)
				default:
					args = append(args, reflect.Zero(in))
				}
			}
			method.Call(args)
		}
	}
}

// A directive is of CloudWatch's embedded metric format.
type directive struct {
	Dimensions [][]string
	Metrics    []struct{ Name string }
}

// directives are those of a line that is logged.
func directives(t testing.TB, line []byte) []directive {
	t.Helper()
	var told struct {
		AWS struct{ CloudWatchMetrics []directive } `json:"_aws"`
	}
	if err := json.Unmarshal(line, &told); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return told.AWS.CloudWatchMetrics
}

// embedded are the metrics of a line.
func embedded(t testing.TB, line []byte) []string {
	t.Helper()
	var entry map[string]any
	if err := json.Unmarshal(line, &entry); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	var out []string
	for _, d := range directives(t, line) {
		for _, m := range d.Metrics {
			for _, names := range d.Dimensions {
				whatever, this := map[string]string{}, map[string]string{}
				for _, name := range names {
					whatever[name], this[name] = "*", entry[name].(string)
				}
				out = append(out, series(m.Name, whatever), series(m.Name, this))
			}
		}
	}
	return out
}

// series is a metric's name with its dimensions.
func series(name string, dimensions map[string]string) string {
	var all []string
	for _, d := range slices.Sorted(maps.Keys(dimensions)) {
		all = append(all, d+"="+dimensions[d])
	}
	return name + "{" + strings.Join(all, ",") + "}"
}

// hasStream reports whether a delivery stream has a name.
func (t template) hasStream(name string) bool {
	return slices.ContainsFunc(t.of("AWS::KinesisFirehose::DeliveryStream"), func(r resource) bool {
		return spelled(r.get("DeliveryStreamName")) == name
	})
}

// unknown lists which metrics are used that nobody emits.
func unknown(t template, emitted map[string]bool, uses []use) (f findings) {
	for _, r := range t.of("AWS::Logs::MetricFilter") {
		for _, m := range list(r.get("MetricTransformations")) {
			if spelled(get(m, "MetricNamespace")) != ourNamespace {
				f.add(r.name, "counts in another namespace than the functions")
			}
			emitted[series(textOf(get(m, "MetricName")), nil)] = true
		}
	}
	for _, u := range uses {
		if u.namespace == ourNamespace {
			if s := series(u.name, u.dimensions); !emitted[s] {
				f.add(u.by, "nobody emits %s", s)
			}
			continue
		}
		kind := u.namespace + "{" + strings.Join(slices.Sorted(maps.Keys(u.dimensions)), ",") + "}"
		if !slices.Contains(awsMetrics()[kind], u.name) {
			f.add(u.by, "AWS has no %s of %s", u.name, kind)
		}
		for dimension, value := range u.dimensions {
			if _, ours := t.named(value); !ours && !t.hasStream(value) && dimension != "Stage" {
				f.add(u.by, "%s is no resource of the template", value)
			}
		}
	}
	return f
}

// A dashboard is the body of one, as far as it names metrics and alarms.
type dashboard struct {
	Widgets []struct {
		Type       string
		Properties struct {
			Title   string
			Alarms  []string
			Metrics [][]any
		}
	}
}

func read(t testing.TB, r resource) dashboard {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(spelled(r.get("DashboardBody"))))
	var d dashboard
	if err := decoder.Decode(&d); err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("%s: more than one value", r.name)
	}
	return d
}

var (
	search   = regexp.MustCompile(`^SEARCH\('\{"([^"]+)",([a-z,]+)\} MetricName="(\w+)"(?: (\w+)="(\w+)")?', '\w+', \d+\)$`)
	variable = regexp.MustCompile(`^\$\{(\w+)(\.\w+)?\}$`)
)

// uses are the metrics of a dashboard.
func (d dashboard) uses(t testing.TB) []use {
	t.Helper()
	var out []use
	for _, w := range d.Widgets {
		for _, m := range w.Properties.Metrics {
			u := use{by: w.Properties.Title, dimensions: map[string]string{}}
			var words []string
			for _, word := range m {
				if s, ok := word.(string); ok {
					words = append(words, variable.ReplaceAllString(s, "$1"))
				}
			}
			if expression := textOf(get(m[0], "expression")); expression != "" {
				part := search.FindStringSubmatch(expression)
				if part == nil {
					t.Fatalf("%s: the search %s is not understood", u.by, expression)
				}
				u.namespace, u.name = part[1], part[3]
				for name := range strings.SplitSeq(part[2], ",") {
					u.dimensions[name] = "*"
				}
			} else {
				u.namespace, u.name = words[0], words[1]
				for pair := range slices.Chunk(words[2:], 2) {
					u.dimensions[pair[0]] = pair[1]
				}
			}
			out = append(out, u)
		}
	}
	return out
}

func TestWhatIsWatchedIsEmitted(t *testing.T) {
	ours := load(t, "../../template.yaml")
	uses := watchedBy(ours)
	for _, r := range ours.of("AWS::CloudWatch::Dashboard") {
		uses = append(uses, read(t, r).uses(t)...)
	}
	if len(uses) < 40 {
		t.Errorf("only %d metrics are watched", len(uses))
	}
	for _, found := range unknown(ours, ourMetrics(t), uses) {
		t.Error(found)
	}
}

// Each metric is paid for by the month; what nobody looks at is for the log alone.
func TestWhatIsEmittedIsWatched(t *testing.T) {
	ours := load(t, "../../template.yaml")
	watched := map[string]bool{}
	for _, u := range slices.Concat(watchedBy(ours), read(t, ours.of("AWS::CloudWatch::Dashboard")[0]).uses(t)) {
		watched[u.name+strings.Join(slices.Sorted(maps.Keys(u.dimensions)), ",")] = u.namespace == ourNamespace
	}
	for _, line := range everyLine(t) {
		for _, d := range directives(t, line) {
			for _, m := range d.Metrics {
				for _, names := range d.Dimensions {
					if !watched[m.Name+strings.Join(slices.Sorted(slices.Values(names)), ",")] {
						t.Errorf("nobody watches %s by %v", m.Name, names)
					}
				}
			}
		}
	}
}

func TestFunctionsCountInTheStacksOwnNamespace(t *testing.T) {
	for _, r := range load(t, "../../template.yaml").functions() {
		if in := spelled(r.get("Environment", "Variables", "METRICS_NAMESPACE")); in != ourNamespace {
			t.Errorf("%s counts in %q", r.name, in)
		}
	}
}

func TestAMetricThatNobodyEmitsIsFound(t *testing.T) {
	const filter = "Resources: { Count: { Type: AWS::Logs::MetricFilter, Properties: { MetricTransformations: " +
		"[{ MetricNamespace: !Sub \"Trunkline/${AWS::StackName}\", MetricName: turned_away }] } }, F: {} }"
	ours := parse(t, filter)
	for _, c := range []struct {
		use   use
		found string
	}{
		{use{"it", ourNamespace, "events", map[string]string{"outcome": "stored"}}, ""},
		{use{"it", ourNamespace, "events", map[string]string{"outcome": "*", "kind": "*"}}, ""},
		{use{"it", ourNamespace, "days", map[string]string{"result": "failed"}}, ""},
		{use{"it", ourNamespace, "turned_away", nil}, ""},
		{use{"it", "AWS/Lambda", "Errors", map[string]string{"FunctionName": "F"}}, ""},
		{use{"it", ourNamespace, "events", nil}, "it: nobody emits events{}"},
		{use{"it", ourNamespace, "events", map[string]string{"outcome": "kept"}}, "it: nobody emits events{outcome=kept}"},
		{use{"it", "Trunkline", "pbxs", nil}, "it: AWS has no pbxs of Trunkline{}"},
		{use{"it", "AWS/Lambda", "Errors", map[string]string{"FunctionName": "G"}}, "it: G is no resource of the template"},
		{use{"it", "AWS/Lambda", "Error", map[string]string{"FunctionName": "F"}}, "it: AWS has no Error of AWS/Lambda{FunctionName}"},
		{use{"it", "AWS/SQS", "ApproximateNumberOfMessagesVisible", map[string]string{"Queue": "F"}},
			"it: AWS has no ApproximateNumberOfMessagesVisible of AWS/SQS{Queue}"},
	} {
		if found := strings.Join(unknown(ours, ourMetrics(t), []use{c.use}), "; "); found != c.found {
			t.Errorf("%+v: %q, want %q", c.use, found, c.found)
		}
	}
}

func TestTheDashboardShowsEveryAlarm(t *testing.T) {
	ours := load(t, "../../template.yaml")
	var shown []string
	for _, r := range ours.of("AWS::CloudWatch::Dashboard") {
		for _, w := range read(t, r).Widgets {
			shown = append(shown, w.Properties.Alarms...)
		}
	}
	// A dashboard can't name what may not be there. The metrics of these are on it.
	optional := []any{"Streamed", "StreamedFull"}
	for _, alarm := range ours.of("AWS::CloudWatch::Alarm") {
		if !slices.Contains(optional, get(alarm.whole, "Condition")) && !slices.Contains(shown, "${"+alarm.name+".Arn}") {
			t.Errorf("%s is not on the dashboard", alarm.name)
		}
	}
}
