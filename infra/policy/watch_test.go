package policy

import (
	"slices"
	"strings"
	"testing"
)

func logged(t template) (f findings) {
	for _, r := range t.of("AWS::Logs::LogGroup") {
		if r.get("RetentionInDays") == nil {
			f.add(r.name, "keeps logs forever")
		}
	}
	for _, r := range t.functions() {
		if group, _ := t.named(names(r.get("LoggingConfig", "LogGroup"))); group.kind != "AWS::Logs::LogGroup" {
			f.add(r.name, "logs to no group of the template")
		}
	}
	for _, r := range t.of("AWS::Serverless::HttpApi") {
		if group, _ := t.named(names(r.get("AccessLogSettings", "DestinationArn"))); group.kind != "AWS::Logs::LogGroup" {
			f.add(r.name, "logs to no group of the template")
		}
		if format := textOf(r.get("AccessLogSettings", "Format")); strings.Contains(strings.ToLower(format), "path") {
			f.add(r.name, "its log has the path, and the path has the token")
		}
	}
	return f
}

func throttled(t template) (f findings) {
	for _, r := range t.of("AWS::Serverless::HttpApi") {
		for _, limit := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
			if r.get("DefaultRouteSettings", limit) == nil {
				f.add(r.name, "has no %s", limit)
			}
		}
	}
	return f
}

// A use is a metric that an alarm or a dashboard names.
type use struct {
	by, namespace, name string
	dimensions          map[string]string // values are the names of resources, where they are such
}

// watchedBy lists the metrics that alarms are about.
func watchedBy(t template) []use {
	var out []use
	for _, alarm := range t.of("AWS::CloudWatch::Alarm") {
		metrics := []any{alarm.properties}
		for _, part := range list(alarm.get("Metrics")) {
			metrics = append(metrics, get(part, "MetricStat", "Metric"))
		}
		for _, m := range metrics {
			if get(m, "MetricName") != nil {
				out = append(out, useOf(alarm.name, m))
			}
		}
	}
	return out
}

func useOf(by string, metric any) use {
	u := use{by, spelled(get(metric, "Namespace")), textOf(get(metric, "MetricName")), map[string]string{}}
	for _, d := range list(get(metric, "Dimensions")) {
		u.dimensions[textOf(get(d, "Name"))] = spelled(get(d, "Value"))
	}
	return u
}

// spelled is a text, the pattern of a text, or the name of the resource that stands for it.
func spelled(v any) string {
	if pattern := textOf(get(v, "Fn::Sub")); pattern != "" {
		return pattern
	}
	if name := names(v); name != "" {
		return name
	}
	return textOf(v)
}

func watched(t template) (f findings) {
	uses := watchedBy(t)
	need := func(r resource, namespace, dimension string, metrics ...string) {
		for _, name := range metrics {
			if !slices.ContainsFunc(uses, func(u use) bool {
				return u.namespace == namespace && u.name == name && u.dimensions[dimension] == r.name
			}) {
				f.add(r.name, "no alarm watches %s", name)
			}
		}
	}
	for _, r := range t.functions() {
		need(r, "AWS/Lambda", "FunctionName", "Errors", "Throttles")
	}
	for _, r := range t.of("AWS::Serverless::HttpApi") {
		need(r, "AWS/ApiGateway", "ApiId", "5xx", "4xx", "Latency")
	}
	for _, r := range t.of("AWS::DynamoDB::Table") {
		need(r, "AWS/DynamoDB", "TableName", "ReadThrottleEvents", "WriteThrottleEvents")
	}
	for _, r := range deadLetters(t) {
		need(r, "AWS/SQS", "QueueName", "ApproximateNumberOfMessagesVisible")
	}
	return f
}

// deadLetters are the queues that failures go to.
func deadLetters(t template) []resource {
	ends := map[string]bool{}
	for _, r := range t.resources {
		ends[names(r.get("RedrivePolicy", "deadLetterTargetArn"))] = true
		ends[names(r.get("DeadLetterQueue", "TargetArn"))] = true
		ends[names(r.get("EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination"))] = true
		events, _ := r.get("Events").(map[string]any)
		for _, e := range events {
			ends[names(get(e, "Properties", "DeadLetterConfig", "Arn"))] = true
		}
	}
	return slices.DeleteFunc(t.of("AWS::SQS::Queue"), func(r resource) bool { return !ends[r.name] })
}

func alarming(t template) (f findings) {
	for _, r := range t.of("AWS::CloudWatch::Alarm") {
		if r.get("TreatMissingData") == nil {
			f.add(r.name, "does not say what missing data means")
		}
		if !strings.Contains(spelled(r.get("AlarmDescription")), "${RunbookUrl}#"+strings.ToLower(r.name)) {
			f.add(r.name, "its description does not link its section of the runbook")
		}
		for _, tell := range []string{"AlarmActions", "OKActions"} {
			if len(list(r.get(tell))) == 0 {
				f.add(r.name, "%s tell nobody", tell)
			}
		}
	}
	return f
}

func timed(t template) (f findings) {
	for _, r := range t.functions() {
		timeout, _ := r.get("Timeout").(int)
		events, _ := r.get("Events").(map[string]any)
		for _, e := range events {
			switch get(e, "Type") {
			case "HttpApi":
				if timeout == 0 || timeout >= 30 {
					f.add(r.name, "API Gateway waits for 30 s, not for %d", timeout)
				}
			case "SQS":
				queue, _ := t.named(names(get(e, "Properties", "Queue")))
				if visibility, _ := queue.get("VisibilityTimeout").(int); visibility < 6*timeout {
					f.add(queue.name, "its visibility timeout of %d s is less than six times the %d s of %s", visibility, timeout, r.name)
				}
			}
		}
		for _, alarm := range t.of("AWS::CloudWatch::Alarm") {
			if u := useOf(alarm.name, alarm.properties); u.name == "Duration" && u.dimensions["FunctionName"] == r.name && alarm.get("Threshold") != timeout*800 {
				f.add(alarm.name, "is not at 80 %% of the timeout of %s, %d ms", r.name, timeout*800)
			}
		}
	}
	return f
}

// Lambda logs three lines of each invocation, which cost more than the function's own. The ingest
// function does without them. Those of the rollup function are few, and the runbook asks for them.
func TestLambdaLogsNoLinesOfItsOwnForAPush(t *testing.T) {
	for _, r := range load(t, "../../template.yaml").functions() {
		want := []any{nil, nil, nil}
		if r.name == "IngestFunction" {
			want = []any{"JSON", "WARN", "INFO"}
		}
		for i, name := range []string{"LogFormat", "SystemLogLevel", "ApplicationLogLevel"} {
			if got := r.get("LoggingConfig", name); got != want[i] {
				t.Errorf("%s of %s is %v, want %v", name, r.name, got, want[i])
			}
		}
	}
}
