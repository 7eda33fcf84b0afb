package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/compact"
	"trunkline/pkg/dataquality"
	"trunkline/pkg/ingest"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

// delivered is what a PBX sent, and when.
type delivered struct{ at, body string }

// dataOf makes a data folder of what one PBX sent.
func dataOf(t *testing.T, all ...delivered) string {
	t.Helper()
	folder := t.TempDir()
	data, err := local.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	keys, err := token.ParseKeys("k1:anExampleThatSignsNoRealURLsAtAll0123456789")
	if err != nil {
		t.Fatal(err)
	}
	var now time.Time
	clock := func() time.Time { return now }
	in := ingest.New(tokentest.Fixed(keys), store.New(data.Table, clock), archive.NewDirect(data.Bucket), data.Bucket, clock)
	for _, d := range all {
		if now, err = time.Parse(time.RFC3339, d.at); err != nil {
			t.Fatal(err)
		}
		r := in.Receive(context.Background(), ingest.Admission{MAC: "68692e0b0001"}, ingest.Delivery{Body: []byte(d.body)})
		if r.Outcome != ingest.Stored {
			t.Fatalf("%s: %s", d.body, r.Outcome)
		}
	}
	return folder
}

// ask runs a command at a time, and returns what it prints.
func ask(t *testing.T, now string, args ...string) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	return askIn(t, func(string) string { return "" }, at, args...)
}

// askIn is ask, in an environment.
func askIn(t *testing.T, getenv func(string) string, at time.Time, args ...string) string {
	t.Helper()
	var out, errs strings.Builder
	p := newProgram(t.Context(), &out, &errs, getenv, func() time.Time { return at })
	if code := p.run(args); code != 0 {
		t.Fatalf("pbxctl %s: exit %d: %s", strings.Join(args, " "), code, &errs)
	}
	return out.String()
}

func TestCompletenessNamesTheCallsThatHaveNoRecord(t *testing.T) {
	t.Parallel()
	begin := func(id string) string {
		return fmt.Sprintf("{event:'dialbegein', uniqueid:'%s', destuniqueid:'%s9', timestamp:'1795404600.5'}", id, id)
	}
	data := dataOf(t,
		delivered{"2026-11-22T15:59:00Z", begin("1795363140.1")}, // the day before, by the PBX's clock
		delivered{"2026-11-23T03:30:00Z", begin("1795404600.2")},
		delivered{"2026-11-23T03:31:00Z", "{event:'hangup', uniqueid:'1795404600.29'}"},
		delivered{"2026-11-23T03:32:00Z", "{event:'cc_cdr', uuid:'1795404600.2', queueCode:'630', startTime:'2026-11-23 11:30:00'}"},
		delivered{"2026-11-23T04:30:00Z", begin("1795408200.3")},
		delivered{"2026-11-23T15:59:59Z", "{event:'hangup', uniqueid:'1795449599.4'}"},
	)
	ask(t, "2026-11-23T16:00:00Z", "device", "set", "68692e0b0001", "--zone", "Asia/Shanghai", "--data", data)
	out := ask(t, "2026-11-23T16:00:00Z", "completeness", "68692e0b0001", "--day", "2026-11-23", "--data", data, "--json")
	var got dataquality.Reported
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Begun != 2 || got.HungUp != 2 || got.Recorded != 1 || fmt.Sprint(got.Missing) != "[1795408200.3 1795449599.4]" || got.Unannounced != 0 {
		t.Errorf("%s", out)
	}
	pack(t, data)
	if packed := ask(t, "2026-11-23T16:00:00Z", "completeness", "68692e0b0001", "--day", "2026-11-23", "--data", data, "--json"); packed != out {
		t.Errorf("of a packed archive:\n%sbefore:\n%s", packed, out)
	}
	out = ask(t, "2026-11-23T16:00:00Z", "completeness", "68692e0b0001", "--day", "2026-11-23", "--data", data)
	if !strings.Contains(out, "1795408200.3 1795449599.4") {
		t.Error(out)
	}
}

func TestCompletenessFindsADayInTheZoneOfTheRollup(t *testing.T) {
	t.Parallel()
	data := dataOf(t,
		delivered{"2026-11-22T16:30:00Z", "{event:'dialbegein', uniqueid:'1795365000.1', destuniqueid:'1795365000.2', timestamp:'1795365000.5'}"}, // 00:30 in Shanghai
	)
	inShanghai := func(name string) string { return map[string]string{"DEFAULT_ZONE": "Asia/Shanghai"}[name] }
	out := askIn(t, inShanghai, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC),
		"completeness", "68692e0b0001", "--day", "2026-11-23", "--data", data, "--json")
	var got dataquality.Reported
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Begun != 1 || len(got.Missing) != 1 {
		t.Error(out)
	}
}

func TestDoctorFeedTellsWhichAssumptionsDoNotHold(t *testing.T) {
	t.Parallel()
	data := dataOf(t,
		delivered{"2026-11-23T03:32:00Z", "{event:'cc_cdr', uuid:'1795404600.2', queueCode:'630', startTime:'2026-11-23 11:30:00', cdrState:'bridged'}"},
		delivered{"2026-11-23T03:33:00Z", "{event:'cc_cdr', uuid:'x', queueCode:'630', startTime:'2026-11-23 11:30:00', cdrState:'parked', hangupSide:'caller'}"},
	)
	out := finds(t, "2026-11-23T04:00:00Z", "2 assumptions do not hold", "doctor", "feed", "--data", data)
	for _, line := range []string{"a uuid is <epoch seconds>.<counter>", "a call ends bridged, in feedback, in a queue or in a menu"} {
		if !strings.Contains(out, line) {
			t.Errorf("no %q in\n%s", line, out)
		}
	}
	if strings.Count(out, "\n") != 3 || strings.Count(out, "newer") != 2 || strings.Contains(out, "older") {
		t.Error(out)
	}
	misread := dataOf(t,
		delivered{"2026-11-23T03:32:00Z", "{event:'cc_cdr', uuid:'1795404600.2', queueCode:'630', startTime:'2026-11-23 11:30:00', cdrState:'bridged', score:'N/A'}"},
		delivered{"2026-11-23T03:33:00Z", `{"Event":"Cdr","UniqueID":"1795404600.2","Duration":"-1"}`},
	)
	out = finds(t, "2026-11-23T04:00:00Z", "2 assumptions do not hold", "doctor", "feed", "--data", misread)
	for _, line := range []string{`score of cc_cdr can be read, not "N/A"`, `Duration of cdr can be read, not "-1"`} {
		if !strings.Contains(out, line) {
			t.Errorf("no %q in\n%s", line, out)
		}
	}
	if out := ask(t, "2026-11-23T04:00:00Z", "doctor", "feed", "--data", data, "--day", "2026-11-24.."); !strings.Contains(out, "All assumptions hold") {
		t.Error(out)
	}
}

// finds runs a command that finds something wrong: it shows that, and its exit code says so.
func finds(t *testing.T, now, wrong string, args ...string) string {
	t.Helper()
	out, code := examine(t, nil, func() time.Time { return at(t, now) }, args...)
	if code != exitFailed || !strings.Contains(out, "pbxctl: "+wrong) {
		t.Errorf("pbxctl %s: exit %d: %s", strings.Join(args, " "), code, out)
	}
	out, _, _ = strings.Cut(out, "pbxctl: ")
	return out
}

func TestDoctorSilenceFlagsAPBXThatWasNeverHeard(t *testing.T) {
	data := emptyData(t)
	ask(t, "2026-11-21T06:00:00Z", "device", "add", demoMAC, "--data", data)
	if out := finds(t, "2026-11-21T07:00:00Z", "1 PBXs are silent", "doctor", "silence", "--data", data); !strings.Contains(out, "never heard") || strings.Contains(out, "0s") {
		t.Error(out)
	}
	ask(t, "2026-11-21T06:00:00Z", "device", "disable", demoMAC, "--data", data)
	if out := ask(t, "2026-11-21T07:00:00Z", "doctor", "silence", "--data", data); !strings.Contains(out, "No PBX is silent") {
		t.Error(out)
	}
}

func TestDoctorSilenceFlagsAPBXThatIsQuieterThanEver(t *testing.T) {
	t.Parallel()
	var all []delivered
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	for hour := range 30 {
		at := day.Add(time.Duration(hour) * time.Hour)
		all = append(all, delivered{at.Format(time.RFC3339), fmt.Sprintf("{event:'cc_cdr', uuid:'%d.1', startTime:'%s'}", at.Unix(), at.Format(time.DateTime))})
	}
	data := dataOf(t, all...) // until 05:00 of the next day
	ask(t, "2026-11-21T06:00:00Z", "rollup", "--all", "--day", "2026-11-20..", "--data", data)
	if out := ask(t, "2026-11-21T06:59:00Z", "doctor", "silence", "--data", data); !strings.Contains(out, "No PBX is silent") {
		t.Error(out)
	}
	out := finds(t, "2026-11-21T07:01:00Z", "1 PBXs are silent", "doctor", "silence", "--data", data)
	if !strings.Contains(out, "longer than ever") || !strings.Contains(out, "2h1m0s") || !strings.Contains(out, "1h0m0s") {
		t.Error(out)
	}
}

// pack packs the archive of a data folder, which must be of days that are over.
func pack(t *testing.T, data string) {
	t.Helper()
	b, err := dir.Open(local.ArchivePath(data))
	if err != nil {
		t.Fatal(err)
	}
	c := compact.New(b, func() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) })
	events := 0
	for _, kind := range pbx.Kinds() {
		done, err := c.Run(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		events += done.Events
	}
	if events == 0 {
		t.Fatal("nothing was packed")
	}
}
