package config

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

func complete() map[string]string {
	return map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "not-a-secret",
		"TABLE_NAME": "trunkline-Records-1A2B", "BUCKET_NAME": "trunkline-archive-1a2b",
		"FLEET_KEYS_SECRET": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:keys-AbCdEf",
	}
}

func read(env map[string]string) (Ingest, error) {
	return ReadIngest(func(name string) string { return env[name] })
}

func TestAWholeEnvironmentIsRead(t *testing.T) {
	env := complete()
	maps.Copy(env, map[string]string{"AWS_SESSION_TOKEN": "t", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "METRICS_NAMESPACE": "Trunkline/prod", "RECORD_DAYS": "400", "LOG_DELIVERIES": "all", "ARCHIVE": "firehose", "ARCHIVE_STREAMS": "trunkline-"})
	got, err := read(env)
	want := Ingest{
		AWS:   AWS{"eu-central-1", "id", "not-a-secret", "t", "http://127.0.0.1:4566"},
		Table: env["TABLE_NAME"], Archive: Archive{Bucket: env["BUCKET_NAME"], Streams: "trunkline-"}, FleetKeys: env["FLEET_KEYS_SECRET"], Metrics: "Trunkline/prod", RecordDays: 400, LogAll: true,
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhatMayBeLeftOutHasADefault(t *testing.T) {
	got, err := read(complete())
	if err != nil || got.Endpoint != "" || got.Metrics != "Trunkline" || got.RecordDays != 0 || got.LogAll {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestABadVariableIsOneLineThatNamesIt(t *testing.T) {
	for name, bad := range map[string][]string{
		"AWS_REGION":            {"", "Frankfurt", "eu-central-1 "},
		"AWS_ACCESS_KEY_ID":     {""},
		"AWS_SECRET_ACCESS_KEY": {""},
		"TABLE_NAME":            {"", "a", "a/b", "a\nb"},
		"BUCKET_NAME":           {"", "Upper", "-x-", strings.Repeat("a", 64)},
		"FLEET_KEYS_SECRET":     {"", "a b", "ä"},
		"AWS_ENDPOINT_URL":      {"127.0.0.1:4566", "ftp://x", "http://", "http://user:secret@host", "\x7f"},
		"RECORD_DAYS":           badRecordDays,
		"LOG_DELIVERIES":        {"none", "All", " all"},
		"ARCHIVE":               {"Firehose", "s3", " direct"},
		"METRICS_NAMESPACE":     {" ", "/prod", "AWS:Lambda", "ä", "a\nb", strings.Repeat("a", 256)},
	} {
		for _, value := range bad {
			env := complete()
			env[name] = value
			_, err := read(env)
			if err == nil || !strings.HasPrefix(err.Error(), "environment: "+name) || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), "secret@") {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
	}
}

func TestEventsGoThroughDeliveryStreamsOnlyIfTheyAreNamed(t *testing.T) {
	for _, c := range []struct{ mode, streams, want, wrong string }{
		{"", "trunkline-", "", ""},
		{"direct", "trunkline-", "", ""},
		{"draining", "trunkline-", "", ""},
		{"firehose", "trunkline-", "trunkline-", ""},
		{"firehose", "", "", "ARCHIVE_STREAMS is not set"},
		{"firehose", "a/b", "a/b", "ARCHIVE_STREAMS="},
		{"firehose", strings.Repeat("a", 50), strings.Repeat("a", 50), "ARCHIVE_STREAMS="},
	} {
		change := map[string]string{"ARCHIVE": c.mode, "ARCHIVE_STREAMS": c.streams}
		got, err := ReadRollup(forRollup(change))
		if got.Streams != c.want || (err == nil) != (c.wrong == "") || err != nil && !strings.HasPrefix(err.Error(), "environment: "+c.wrong) {
			t.Errorf("%q, %q: %q, %v", c.mode, c.streams, got.Streams, err)
		}
	}
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	_, err := read(nil)
	for name := range complete() {
		if err == nil || !strings.Contains(err.Error(), name+" is not set") {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}

func forRollup(change map[string]string) func(string) string {
	env := complete()
	delete(env, "FLEET_KEYS_SECRET")
	env["QUEUE_URL"] = "https://sqs.eu-central-1.amazonaws.com/123456789012/trunkline-DueQueue"
	maps.Copy(env, change)
	return func(name string) string { return env[name] }
}

func TestTheRollupFunctionReadsItsEnvironment(t *testing.T) {
	zone, err := pbx.ParseZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadRollup(forRollup(map[string]string{"DEFAULT_ZONE": "Asia/Shanghai", "GRACE_MINUTES": "0", "RECORD_DAYS": "35"}))
	want := Rollup{
		AWS:   AWS{"eu-central-1", "id", "not-a-secret", "", ""},
		Table: "trunkline-Records-1A2B", Archive: Archive{Bucket: "trunkline-archive-1a2b"},
		Queue: "https://sqs.eu-central-1.amazonaws.com/123456789012/trunkline-DueQueue", Metrics: "Trunkline", RecordDays: 35, Schedule: Schedule{zone, 0},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDaysCloseInUTCAfter15MinutesByDefault(t *testing.T) {
	want := Schedule{pbx.UTC, 15 * time.Minute}
	if got, err := ReadRollup(forRollup(nil)); err != nil || !reflect.DeepEqual(got.Schedule, want) {
		t.Errorf("the function: %+v, %v", got.Schedule, err)
	}
	if got, err := ReadSchedule(func(string) string { return "" }); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("a program without an environment: %+v, %v", got, err)
	}
}

func TestABadVariableOfTheRollupIsOneLineThatNamesIt(t *testing.T) {
	for name, bad := range map[string][]string{
		"AWS_REGION":        {"", "Frankfurt"},
		"TABLE_NAME":        {"", "a"},
		"BUCKET_NAME":       {"", "Upper"},
		"QUEUE_URL":         {"", "trunkline-DueQueue", "arn:aws:sqs:eu-central-1:123456789012:due", "https://", "https://x y", "https://x\ny"},
		"DEFAULT_ZONE":      {"Mars/Olympus", "+25:00", "../etc/passwd", "Europe/Berlin\n"},
		"METRICS_NAMESPACE": {"/", "a b"},
		"ARCHIVE":           {"Firehose"},
		"RECORD_DAYS":       badRecordDays,
		"GRACE_MINUTES":     {"-1", "721", "15m", "1.5", " 15", "9999999999999999999"},
	} {
		for _, value := range bad {
			_, err := ReadRollup(forRollup(map[string]string{name: value}))
			if err == nil || !strings.HasPrefix(err.Error(), "environment: "+name) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
	}
	_, err := ReadSchedule(forRollup(map[string]string{"DEFAULT_ZONE": "here", "GRACE_MINUTES": "soon"}))
	if err == nil || !strings.Contains(err.Error(), "DEFAULT_ZONE") || !strings.Contains(err.Error(), "GRACE_MINUTES") {
		t.Errorf("both are bad: %v", err)
	}
	_, err = ReadRollup(func(string) string { return "" })
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "TABLE_NAME", "BUCKET_NAME", "QUEUE_URL"} {
		if err == nil || !strings.Contains(err.Error(), name+" is not set") {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
}

func TestTheLongestGraceIsHalfADay(t *testing.T) {
	if got, err := ReadSchedule(forRollup(map[string]string{"GRACE_MINUTES": "720"})); err != nil || got.Grace != 12*time.Hour {
		t.Errorf("%v, %v", got, err)
	}
}

var badRecordDays = []string{"34", "1", "-35", "3651", "35d", " 35", "35.5", "forever", "9999999999999999999"}

func TestRecordsAreKeptForeverByDefault(t *testing.T) {
	for value, want := range map[string]int{"": 0, "0": 0, "35": 35, "3650": 3650} {
		got, err := ReadRecordDays(func(string) string { return value })
		if got != want || err != nil {
			t.Errorf("%q: %d, %v", value, got, err)
		}
	}
	for _, value := range badRecordDays {
		if _, err := ReadRecordDays(func(string) string { return value }); err == nil || !strings.HasPrefix(err.Error(), "environment: RECORD_DAYS=") {
			t.Errorf("%q: %v", value, err)
		}
	}
}
