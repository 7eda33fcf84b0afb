package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/devices"
	"trunkline/pkg/ingest"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/redrive"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
	"trunkline/pkg/token/tokentest"
)

const (
	oldPBX = pbx.MAC("68692e0b0001")
	newPBX = pbx.MAC("68692e0b0002") // took the place of the old one
)

// sent is a body that a PBX sends while one of the stores may be down.
type sent struct {
	at          string
	mac         pbx.MAC
	body        string
	tableDown   bool
	archiveDown bool
	want        ingest.Outcome
}

// send takes bodies in, into a data folder.
func send(t *testing.T, folder string, all ...sent) {
	t.Helper()
	data, err := local.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	var one sent
	clock := func() time.Time { return at(t, one.at) }
	table := storetest.NewFaulty(data.Table, func(storetest.Call) storetest.Fault {
		if one.tableDown {
			return storetest.Fails
		}
		return storetest.None
	})
	bucket := archivetest.NewFaulty(data.Bucket, func(archivetest.Call) archivetest.Fault {
		if one.archiveDown {
			return archivetest.Fails
		}
		return archivetest.None
	})
	for _, one = range all {
		device, err := store.New(data.Table, clock).Device(t.Context(), one.mac)
		if err != nil {
			t.Fatal(err)
		}
		in := ingest.New(tokentest.Fixed(keys(t)), store.New(table, clock), archive.NewDirect(bucket), bucket, clock)
		r := in.Receive(t.Context(), ingest.Admission{MAC: one.mac, Device: device}, ingest.Delivery{Remote: "203.0.113.9", Body: []byte(one.body)})
		if r.Outcome != one.want {
			t.Fatalf("%s: %s, %v, want %s", one.body, r.Outcome, r.Err, one.want)
		}
	}
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// do runs a command in this process, at noon of 2026-11-24.
func do(t *testing.T, args ...string) result {
	t.Helper()
	return doWithin(t, t.Context(), args...)
}

func doWithin(t *testing.T, ctx context.Context, args ...string) result {
	t.Helper()
	return doInto(t, ctx, new(strings.Builder), args...)
}

// doInto is doWithin for a command whose output is watched.
func doInto(t *testing.T, ctx context.Context, out interface {
	io.Writer
	fmt.Stringer
}, args ...string) result {
	t.Helper()
	var errs strings.Builder
	now := func() time.Time { return at(t, "2026-11-24T12:00:00Z") }
	p := newProgram(ctx, out, &errs, func(string) string { return "" }, now)
	code := p.run(args)
	return result{out.String(), errs.String(), code}
}

// lines decodes what a command prints with --json.
func lines[T any](t *testing.T, got result) (all []T) {
	t.Helper()
	if got.code != 0 || got.errs != "" {
		t.Fatalf("%+v", got)
	}
	d := json.NewDecoder(strings.NewReader(got.out))
	for {
		var one T
		if err := d.Decode(&one); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatalf("%v in %s", err, got.out)
		}
		all = append(all, one)
	}
}

func record(uuid string) string {
	return fmt.Sprintf("{event:'cc_cdr', uuid:'%s', queueCode:'630', startTime:'2026-11-23 11:30:00'}", uuid)
}

func TestWhatIsSpilledIsListedAndHandedOn(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	send(t, data,
		sent{at: "2026-11-24T10:00:00.5Z", mac: oldPBX, body: record("1.1"), archiveDown: true},
		sent{at: "2026-11-24T10:00:01.5Z", mac: newPBX, tableDown: true,
			body: "[" + record("1.2") + ",{event:'hangup',uniqueid:'1.2'},{event:'hangup',uniqueid:'1.3'}]"},
	)
	got := lines[redrive.Spilled](t, do(t, "spill", "list", "--data", data, "--json"))
	if len(got) != 2 || got[0].Where != "table" || got[1].Where != "archive" {
		t.Fatalf("%+v", got)
	}
	if s := got[0]; s.MAC != oldPBX || !s.Received.Equal(at(t, "2026-11-24T10:00:00.5Z")) || s.Events != 1 ||
		!slices.Equal(s.Kinds, []string{"cc_cdr"}) || s.Bytes < 100 || s.Name != "" {
		t.Errorf("in the table: %+v", s)
	}
	if s := got[1]; s.MAC != newPBX || !s.Received.Equal(at(t, "2026-11-24T10:00:01.5Z")) || s.Events != 3 ||
		!slices.Equal(s.Kinds, []string{"cc_cdr", "hangup"}) || s.Tries != 0 || !strings.HasPrefix(s.Name, "spill/") {
		t.Errorf("in the archive: %+v", s)
	}
	if text := do(t, "spill", "list", "--data", data); text.code != 0 || !strings.Contains(text.out, "cc_cdr, hangup") {
		t.Errorf("%+v", text)
	}

	if got := do(t, "spill", "redrive", "--data", data); got != (result{out: "1 archived, 1 recorded, 0 quarantined, 0 failed\n"}) {
		t.Errorf("%+v", got)
	}
	if got := do(t, "spill", "list", "--data", data); got != (result{out: "Nothing is spilled.\n"}) {
		t.Errorf("then %+v", got)
	}
	if got := do(t, "calls", string(newPBX), "--data", data, "--json"); !strings.Contains(got.out, `"uuid":"1.2"`) {
		t.Errorf("what the archive kept is no record: %+v", got)
	}
	if raw := names(t, data, "raw/"); len(raw) != 3 { // two of them in the object of one delivery
		t.Errorf("archived: %q", raw)
	}
}

func names(t *testing.T, data, prefix string) (all []string) {
	t.Helper()
	bucket, err := dir.OpenReadOnly(local.ArchivePath(data))
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	for name, err := range bucket.List(t.Context(), prefix, "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	return all
}

func TestARedriveThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	data, err := local.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(`{"id":"1","mac":"68692e0b0001","kind":"hangup","received":"2026-11-24T10:00:00Z"}`)
	err = store.New(data.Table, time.Now).Spill(t.Context(), oldPBX, at(t, "2026-11-24T10:00:00Z"), text)
	// A folder stands where the object should.
	err = errors.Join(err, os.MkdirAll(filepath.Join(folder, "archive/raw/kind=hangup/dt=2026-11-24/1.json/x"), 0o700))
	// Tried before, and no envelope.
	err = errors.Join(err, data.Bucket.Put(t.Context(), "spill/1.tries=3.json", []byte("?\n")), data.Close())
	if err != nil {
		t.Fatal(err)
	}
	if got := lines[redrive.Spilled](t, do(t, "spill", "list", "--data", folder, "--json")); len(got) != 2 ||
		got[1].Tries != 3 || !slices.Equal(got[1].Kinds, []string{"unreadable"}) {
		t.Errorf("%+v", got)
	}
	got := do(t, "spill", "redrive", "--data", folder, "--json")
	want := `{"archived":0,"recorded":1,"quarantined":1,"failed":1}` + "\n"
	if got.code != 1 || got.out != want || !strings.Contains(got.errs, "pbxctl: skipped 1 of the spilled texts: the spilled text of 68692e0b0001, received at 2026-11-24T10:00:00Z: ") {
		t.Errorf("%+v, want %s", got, want)
	}
}

// What a crash leaves of a text that was handed on is not spilled any more.
func TestARestOfWhatWasHandedOnIsNotListed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	data, err := local.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("x"), 1<<20)
	if err := store.New(data.Table, time.Now).Spill(t.Context(), oldPBX, at(t, "2026-11-24T10:00:00Z"), text); err != nil {
		t.Fatal(err)
	}
	if got := lines[redrive.Spilled](t, do(t, "spill", "list", "--data", folder, "--json")); len(got) != 1 || got[0].Bytes != len(text) {
		t.Errorf("%+v", got)
	}
	for _, digit := range "0123456789abcdef" {
		for item, err := range data.Table.Query(t.Context(), store.Range{PK: "SPILL#0" + string(digit), Limit: 1}) {
			if err := errors.Join(err, data.Table.Delete(t.Context(), item.Key, store.Condition{})); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := data.Close(); err != nil {
		t.Fatal(err)
	}
	if got := do(t, "spill", "list", "--data", folder); got != (result{out: "Nothing is spilled.\n"}) {
		t.Errorf("%+v", got)
	}
}

// A PBX that took another's place, with its settings, names the old one's MAC.
func TestAReplacedPBXIsLetThroughAndWhatItSentIsReleased(t *testing.T) {
	t.Parallel()
	data, held := t.TempDir(), 0
	for i, p := range ingesttest.VendorPayloads(t) {
		if p.MAC != oldPBX {
			continue
		}
		want := ingest.Stored
		if bytes.Contains(p.Body, []byte("68:69:2e:0b:00:01")) {
			want, held = ingest.Mismatch, held+1
		}
		send(t, data, sent{at: fmt.Sprintf("2026-11-24T10:00:%02dZ", i), mac: newPBX, body: string(p.Body), want: want})
	}
	list := func() []replay.Refused {
		return lines[replay.Refused](t, do(t, "quarantine", "list", "--data", data, "--json"))
	}
	if got := list(); len(got) != held || held == 0 || got[0].MAC != newPBX || got[0].Reason != "the body names the MAC "+string(oldPBX) {
		t.Fatalf("%d held back: %+v", held, got)
	}
	name := list()[0].Name

	early := do(t, "quarantine", "release", name, "--data", data)
	if early.code != 1 || !strings.HasPrefix(early.out, "not released  "+name+": ") || !strings.Contains(early.out, "names the MAC") ||
		!strings.Contains(early.errs, "pbxctl: 1 of 1 not released") || len(list()) != held {
		t.Errorf("before it has an alias: %+v", early)
	}
	alias := []string{"device", "alias", string(newPBX), "--alias", "68:69:2E:0B:00:01", "--data", data}
	if got := do(t, append(alias, "--json")...); got.out != `{"mac":"68692e0b0002","aliases":["68692e0b0001"]}`+"\n" {
		t.Errorf("%+v", got)
	}
	if got := do(t, "quarantine", "release", "--all", "--mac", string(oldPBX), "--data", data); got.code != 0 || len(list()) != held {
		t.Errorf("of the other PBX: %+v", got)
	}
	if got := do(t, "quarantine", "release", "--all", "--mac", string(newPBX), "--data", data); got.code != 0 ||
		strings.Count(got.out, "released  quarantine/") != held || len(list()) != 0 {
		t.Errorf("%+v", got)
	}
	calls := do(t, "calls", string(newPBX), "--data", data, "--json")
	if !strings.Contains(calls.out, `"uuid":"`) || len(names(t, data, "raw/kind=cc_cdr/")) != 1 {
		t.Errorf("no record of what was released: %+v", calls)
	}
	if got := do(t, "quarantine", "release", name, "--data", data); got.code != 1 || !strings.Contains(got.out, "is not in quarantine (any more)") {
		t.Errorf("released twice: %+v", got)
	}
	if got := do(t, append(alias, "--remove", "--json")...); got.out != `{"mac":"68692e0b0002","aliases":[]}`+"\n" {
		t.Errorf("%+v", got)
	}
}

func TestTheQuarantineIsListedByPBXAndDay(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var all []sent
	for _, day := range []string{"2026-11-21", "2026-11-22", "2026-11-23"} {
		for _, mac := range []pbx.MAC{oldPBX, newPBX} {
			all = append(all, sent{at: day + "T23:59:59.999Z", mac: mac, body: "?", want: ingest.Undecodable})
		}
	}
	send(t, data, all...)
	for args, want := range map[string]int{
		"":                                      6,
		"--mac 68:69:2e:0b:00:02":               3,
		"--day 2026-11-22..":                    4,
		"--day ..2026-11-22":                    4,
		"--day 2026-11-22":                      2,
		"--day 2026-11-24..":                    0,
		"--mac 68692e0b0001 --day ..2026-11-21": 1,
		"--mac 68692e0b0003 --day 2026-11-21..": 0,
	} {
		command := append([]string{"quarantine", "list", "--data", data}, strings.Fields(args)...)
		if got := lines[replay.Refused](t, do(t, append(command, "--json")...)); len(got) != want {
			t.Errorf("%s: %d, want %d", args, len(got), want)
		}
		if got := do(t, command...); got.code != 0 || want == 0 && got.out != "Nothing is in quarantine.\n" {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

func TestNothingOfABodySteersTheTerminal(t *testing.T) {
	t.Parallel()
	data, body := t.TempDir(), "{ \x1b[2J\u202e\u009b31m\x07\r\n\n\tx\xff\x00 "+strings.Repeat("y", 100)
	send(t, data, sent{at: "2026-11-24T10:00:00Z", mac: oldPBX, body: body, want: ingest.Undecodable})
	name := names(t, data, "quarantine/")[0]
	for _, args := range [][]string{
		{"quarantine", "list"}, {"quarantine", "list", "--json"}, {"quarantine", "show", name}, {"quarantine", "release", "--all"},
	} {
		got := do(t, append(args, "--data", data)...)
		if strings.ContainsAny(got.out+got.errs, "\x1b\u202e\u009b\x07\r\x00") {
			t.Errorf("%s prints %q and %q", args, got.out, got.errs)
		}
	}
	if got := lines[replay.Refused](t, do(t, "quarantine", "list", "--data", data, "--json"))[0].Begins; len([]rune(got)) != 60 || !strings.HasPrefix(got, "{ ") {
		t.Errorf("the body begins with %q", got)
	}
	text := do(t, "quarantine", "show", name, "--data", data)
	for _, want := range []string{name, "2026-11-24T10:00:00.000Z", "203.0.113.9", "Reason    line 1", fmt.Sprint(len(body), " bytes"), strings.Repeat("y", 100)} {
		if !strings.Contains(text.out, want) {
			t.Errorf("no %q in\n%s", want, text.out)
		}
	}
	object, err := os.ReadFile(filepath.Join(local.ArchivePath(data), name))
	if err != nil {
		t.Fatal(err)
	}
	if got := do(t, "quarantine", "show", name, "--data", data, "--json"); got != (result{out: string(object)}) {
		t.Errorf("%+v, want the line itself", got)
	}
}

func TestDiscardingIsConfirmed(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	send(t, data, sent{at: "2026-11-24T10:00:00Z", mac: oldPBX, body: "?", want: ingest.Undecodable})
	discard := []string{"quarantine", "discard", names(t, data, "quarantine/")[0], "--data", data}
	if got := do(t, discard...); got.code != 1 || !strings.Contains(got.errs, "give --yes") || len(names(t, data, "quarantine/")) != 1 {
		t.Errorf("where nobody is asked: %+v", got)
	}
	if got := do(t, append(discard, "--yes")...); got.code != 0 || !strings.HasPrefix(got.out, "discarded  quarantine/") ||
		len(names(t, data, "quarantine/")) != 0 {
		t.Errorf("%+v", got)
	}
	if got := do(t, append(discard, "--yes", "--json")...); got.code != 1 || !strings.Contains(got.out, `"done":false,"why":"`) {
		t.Errorf("a second time: %+v", got)
	}
}

// shown is what the commands that read records print of all PBXs of these tests.
func shown(t *testing.T, data string) string {
	t.Helper()
	var all strings.Builder
	for _, mac := range []pbx.MAC{oldPBX, newPBX, "68692e050f9a", "68692e038b3e"} {
		for _, command := range []string{"calls", "ivr", "extensions", "live"} {
			got := do(t, command, string(mac), "--data", data, "--json")
			if got.code != 0 {
				t.Fatalf("%s: %+v", command, got)
			}
			fmt.Fprintf(&all, "%s of %s:\n%s", command, mac, got.out)
		}
	}
	return all.String()
}

// received makes a data folder of the vendor's own events and so many records more.
func received(t *testing.T, records int) string {
	t.Helper()
	data := t.TempDir()
	var all []sent
	for i, p := range ingesttest.VendorPayloads(t) {
		all = append(all, sent{at: fmt.Sprintf("2026-11-23T20:00:%02dZ", i), mac: p.MAC, body: string(p.Body)})
	}
	for i := range records {
		all = append(all, sent{at: fmt.Sprintf("2026-11-24T10:00:%02dZ", i%60), mac: newPBX, body: record(fmt.Sprint("2.", i))})
	}
	send(t, data, all...)
	return data
}

func TestTheArchiveReplayedIntoAnEmptyFolderGivesTheSameRecords(t *testing.T) {
	t.Parallel()
	data, into := received(t, 5), filepath.Join(t.TempDir(), "new")
	objects := len(names(t, data, "raw/"))
	command := []string{"replay", "--day", "2026-11-23..2026-11-24", "--data", data, "--into", into}

	dry := lines[replay.Summary](t, do(t, append(command, "--dry-run", "--json")...))[0]
	if dry.Objects != objects || !dry.DryRun || dry.Writes["CALL"] != 6 {
		t.Errorf("a dry run of %d objects: %+v", objects, dry)
	}
	if _, err := os.Stat(into); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a dry run made the folder: %v", err)
	}
	if got := do(t, command...); got != (result{out: fmt.Sprintf("%d objects, %d events, 0 held back\n", objects, objects)}) {
		t.Errorf("%+v", got)
	}
	if got, want := shown(t, into), shown(t, data); got != want || !strings.Contains(want, `"uuid":"2.4"`) {
		t.Errorf("replayed:\n%s\noriginal:\n%s", got, want)
	}
	again := lines[replay.Summary](t, do(t, append(command, "--dry-run", "--json")...))[0]
	delete(again.Writes, "DUE")
	delete(again.Writes, "HEARD") // within a quarter of an hour it is the one or the other
	if again.Objects != objects || len(again.Writes) != 0 {
		t.Errorf("a second time: %+v", again)
	}
	if got := do(t, append(command, "--dry-run")...); !strings.HasSuffix(got.out, fmt.Sprintf("Dry run, nothing was written: %d objects, %d events, 0 held back\n", objects, objects)) {
		t.Errorf("%+v", got)
	}
	part := do(t, "replay", "--day", "2026-11-24", "--mac", string(newPBX), "--data", data, "--into", data, "--json")
	if got := lines[replay.Summary](t, part)[0]; got.Objects != 5 {
		t.Errorf("in place, of one PBX and day: %+v", got)
	}
}

func TestWhatCannotBeRecordedIsReported(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	alias := []string{"device", "alias", string(newPBX), "--alias", string(oldPBX), "--new", "--data", data}
	named := strings.Replace(record("3.1"), "{", "{mac:'"+string(oldPBX)+"',", 1)
	send(t, data, sent{at: "2026-11-24T10:00:00Z", mac: oldPBX, body: record("3.0")})
	if got := do(t, alias...); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	send(t, data, sent{at: "2026-11-24T10:00:01Z", mac: newPBX, body: named})
	got := do(t, "replay", "--day", "2026-11-24", "--data", data, "--into", t.TempDir())
	if got.code != 0 || !strings.HasPrefix(got.out, "2 objects, 2 events, 1 held back\nThe first of those: ") || !strings.Contains(got.out, "names the MAC 68692e0b0001") {
		t.Errorf("into a folder that knows no alias: %+v", got)
	}
}

func TestAReplayThatIsInterruptedGoesOnAtItsCheckpoint(t *testing.T) {
	t.Parallel()
	const records = 150
	data, into, file := received(t, records), t.TempDir(), filepath.Join(t.TempDir(), "checkpoint")
	command := []string{"replay", "--day", "2026-11-23..2026-11-24", "--data", data, "--into", into, "--checkpoint", file}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if text, _ := os.ReadFile(file); bytes.Contains(text, []byte(`"last"`)) {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	got := doWithin(t, ctx, append(command, "--rate", "300")...)
	if got.code != 1 || !strings.Contains(got.errs, "objects; the same command continues there") {
		t.Fatalf("%+v", got)
	}
	text, err := os.ReadFile(file)
	var at replay.Checkpoint
	if err = errors.Join(err, json.Unmarshal(text, &at)); err != nil || !strings.HasPrefix(at.Last, "raw/kind=") {
		t.Fatalf("the checkpoint is %s, %v", text, err)
	}
	if got := do(t, append(command, "--mac", string(newPBX))...); got.code != 1 || !strings.Contains(got.errs, "is of another replay (2026-11-23 to 2026-11-24") {
		t.Errorf("the file of another replay: %+v", got)
	}
	before, _ := os.ReadFile(file)
	objects := len(names(t, data, "raw/"))
	dry := lines[replay.Summary](t, do(t, append(command, "--dry-run", "--json")...))[0]
	if after, _ := os.ReadFile(file); string(after) != string(before) {
		t.Errorf("a dry run moves the checkpoint to %s", after)
	}
	rest := lines[replay.Summary](t, do(t, append(command, "--json")...))[0]
	if rest.Objects != dry.Objects || rest.Objects == 0 || rest.Objects >= objects {
		t.Errorf("%d objects of %d are left, a dry run says %d", rest.Objects, objects, dry.Objects)
	}
	if shown(t, into) != shown(t, data) {
		t.Error("the records are not those of the original")
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 0 {
		t.Errorf("in the end there are %v, %v", left, err)
	}
}

// A URL became known: it is revoked, and the PBX gets another one.
func TestARevokedURLOpensNoMore(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	send(t, data, sent{at: "2026-11-24T10:00:00Z", mac: oldPBX, body: record("1.1")})
	makeKeys(t, data)
	device := func(what string, more ...string) result {
		return do(t, append([]string{"device", what, string(oldPBX), "--data", data}, more...)...)
	}
	url := func(more ...string) result {
		return device("url", append(more, "--base", "https://pbx.example.com")...)
	}
	known := url()
	if known.code != 0 || !strings.Contains(known.out, "/k1-1-") || admitted(t, data, known.out) != ingest.Admitted {
		t.Fatalf("%+v", known)
	}
	revoked := device("revoke")
	if want := "pbxctl device url 68692e0b0001 --base URL --data " + data; revoked.code != 0 || !strings.Contains(revoked.out, want) {
		t.Errorf("%+v, want %s", revoked, want)
	}
	fresh := url()
	if !strings.Contains(fresh.out, "/k1-2-") || admitted(t, data, fresh.out) != ingest.Admitted || admitted(t, data, known.out) != ingest.Unauthorised {
		t.Errorf("the new URL: %+v", fresh)
	}
	if got := url("--generation", "1"); got.code != 1 || got.out != "" || !strings.Contains(got.errs, "below generation 2 were revoked") {
		t.Errorf("%+v", got)
	}
	if got := url("--generation", "7"); got.code != 0 || !strings.Contains(got.out, "/k1-7-") {
		t.Errorf("%+v", got)
	}
	if got := lines[devices.Member](t, device("revoke", "--json"))[0]; got.MinGeneration != 3 {
		t.Errorf("%+v", got)
	}
	if got := device("disable"); !strings.Contains(got.out, "disabled") || admitted(t, data, url().out) != ingest.Disabled {
		t.Errorf("%+v", got)
	}
	if got := device("enable"); !strings.Contains(got.out, "enabled") || admitted(t, data, url().out) != ingest.Admitted {
		t.Errorf("%+v", got)
	}
}

// admitted reports whether a URL is valid.
func admitted(t *testing.T, folder, url string) ingest.Outcome {
	t.Helper()
	data, err := local.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	keys, err := local.ReadKeys(folder, "")
	if err != nil {
		t.Fatal(err)
	}
	in := ingest.New(tokentest.Fixed(keys), store.New(data.Table, time.Now), archive.NewDirect(data.Bucket), data.Bucket, time.Now)
	parts := strings.Split(strings.TrimSpace(url), "/")
	_, outcome, err := in.Admit(t.Context(), parts[len(parts)-2], parts[len(parts)-1])
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

func TestRecoveryThatCannotBeDoneIsOneClearLine(t *testing.T) {
	t.Parallel()
	data, used := received(t, 1), t.TempDir()
	open, err := local.Open(t.Context(), used)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	none := filepath.Join(t.TempDir(), "none")
	notes := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(notes, []byte("buy milk\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const november = "replay --day 2026-11-01..2026-11-30 "
	for _, c := range []struct {
		args string
		want string
		code int
	}{
		{"spill list", "where is the data? Give --stack NAME or --data DIR", 2},
		{"spill list --table x", "where is the archive? Give --stack NAME, or --bucket NAME as well", 2},
		{"spill list --data " + none, "is not a data folder", 1},
		{"spill redrive --data " + none, "is not a data folder", 1},
		{"spill redrive --data " + used, "is in use by another pbxctl: stop it", 1},
		{"quarantine list", "where is the data? Give --stack NAME or --data DIR", 2},
		{"quarantine list --data " + none, "is not a data folder", 1},
		{"quarantine list --data " + data + " --mac 12", "--mac: ", 2},
		{"quarantine list --data " + data + " --day 2026-11-2..", `--day: "2026-11-2" is not a day`, 2},
		{"quarantine list --data " + data + " --day ..never", `--day: "never" is not a day`, 2},
		{"quarantine list --data " + data + " --day 2026-11-02..2026-11-01", "--day: 2026-11-02..2026-11-01 ends before it begins", 2},
		{"quarantine show --data " + data, "missing argument: <name>", 2},
		{"quarantine show quarantine/x --data " + data, "quarantine/x is not in quarantine (any more): see pbxctl quarantine list", 1},
		{"quarantine show quarantine/../raw/x --data " + data, "a name is segments of letters, digits and =._-", 1},
		{"quarantine show raw/x --data " + data, "raw/x is not the name of an event in quarantine: that begins with quarantine/", 2},
		{"quarantine release --data " + data, "which events? Give their names, or --all", 2},
		{"quarantine release quarantine/x --all --data " + data, "which events? Give their names, or --all", 2},
		{"quarantine release quarantine/x --mac 68692e0b0001 --data " + data, "--reason, --day and --mac go with --all", 2},
		{"quarantine release raw/x --data " + data, "is not the name of an event in quarantine", 2},
		{"quarantine release quarantine/x", "where is the data? Give --stack NAME or --data DIR", 2},
		{"quarantine discard --yes --data " + data, "missing argument: <name> ...", 2},
		{"quarantine discard --yes raw/x --data " + data, "is not the name of an event in quarantine", 2},
		{"quarantine discard --yes quarantine/x --data " + used, "is in use by another pbxctl", 1},
		{"device alias 68692e0b0001 --alias old --data " + data, `--alias: "old" is not a MAC address`, 2},
		{"device alias 68692e0b0001 --alias 68692E0B0001 --data " + data, "--alias: 68692e0b0001 is the PBX's own MAC", 2},
		{"device alias 68692e0b0001 --alias 68692E0B0009 --remove --data " + data, "68692e0b0009 is not an alias of 68692e0b0001", 1},
		{"device alias 68692e0b0001 --data " + data, "missing flags: --alias=MAC", 2},
		{"device disable --data " + data, "missing argument: <mac>", 2},
		{"device revoke 68692e0b0001", "where is the data? Give --stack NAME or --data DIR, or set TRUNKLINE_STACK or TRUNKLINE_DATA", 2},
		{"device revoke 68692e0b0001 --data " + none, "is not a data folder", 1},
		{"device url 68692e0b0001 --base http://x --data " + none, "is not a data folder", 1},
		{"replay --day 2026-11-01.. --data " + data + " --into " + none, "--day: give the first and the last day", 2},
		{"replay --day 2026-11-02..2026-11-01 --data " + data + " --into " + none, "--day: 2026-11-02..2026-11-01 ends before it begins", 2},
		{"replay --day 0002-01-01..2026-11-01 --data " + data + " --into " + none, "replay at most 3660 at a time", 2},
		{"replay --day tomorrow..2026-11-01 --data " + data + " --into " + none, `--day: "tomorrow" is not a day`, 2},
		{november + "--mac 12 --data " + data + " --into " + none, "--mac: ", 2},
		{november + "--into " + none, "where is the data? Give --stack NAME or --data DIR", 2},
		{november + "--data " + none + " --into " + data, "is not a data folder", 1},
		{november + "--data " + data, "where should the records go? Give --into DIR or --into-table NAME", 2},
		{november + "--data " + data + " --into " + used, "is in use by another pbxctl: stop it", 1},
		{november + "--data " + data + " --into " + none + " --into-table x", "can't be used together", 2},
		{november + "--data " + data + " --into " + none + " --rate=-1", "--rate: -1 is not a number of items per second", 2},
		{november + "--data " + data + " --into " + none + " --rate NaN", "--rate: NaN is not a number of items per second", 2},
		{november + "--data " + data + " --into " + none + " --checkpoint " + notes, "is not a checkpoint of a replay: choose another file", 1},
		{november + "--data " + data + " --into " + none + " --checkpoint " + none + "/x/y", "write the checkpoint: ", 1},
	} {
		got := do(t, strings.Fields(c.args)...)
		if got.code != c.code || got.out != "" || !strings.Contains(got.errs, c.want) || !strings.HasPrefix(got.errs, "pbxctl: ") || strings.Count(got.errs, "\n") != 1 {
			t.Errorf("pbxctl %s\n%+v, want %s", c.args, got, c.want)
		}
	}
}

func TestEveryCommandOfRecoveryHasAHelpWithExamples(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"spill list", "spill redrive", "quarantine list", "quarantine show", "quarantine release", "quarantine discard",
		"replay", "device alias", "device disable", "device enable", "device revoke", "device url"} {
		got := do(t, append(strings.Fields(command), "--help")...)
		if got.code != 0 || !strings.Contains(got.out, "Example") || !strings.Contains(got.out, "pbxctl "+command) {
			t.Errorf("%s: %+v", command, got)
		}
	}
}

func TestAPartOfTheQuarantineIsReleased(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]int{
		"":                       4,
		"--reason NO_SUCH":       0,
		"--reason names_the_mac": 2,
		"--reason NAMES_THE_MAC --day 2026-11-22..": 1,
		"--day 2026-11-22..":                        2,
		"--day 2026-11-23..":                        0,
		"--reason missing --mac 68692e0b0003":       0,
		"--reason missing --mac 68692e0b0002":       2,
	} {
		data := t.TempDir()
		for _, day := range []string{"2026-11-21", "2026-11-22"} {
			send(t, data, sent{at: day + "T10:00:00Z", mac: newPBX, body: "{event:'hangup'}", want: ingest.Undecodable},
				sent{at: day + "T11:00:00Z", mac: newPBX, body: "{event:'hangup', uniqueid:'1', mac:'68692e0b0001'}", want: ingest.Mismatch})
		}
		command := []string{"quarantine", "release", "--all", "--data", data, "--json"}
		for _, arg := range strings.Fields(args) {
			command = append(command, strings.ReplaceAll(arg, "_", " "))
		}
		got := do(t, command...)
		if strings.Count(got.out, "\n") != want || (got.code == 0) != (want == 0) { // they all stay
			t.Errorf("%s: %+v, want %d", args, got, want)
		}
	}
	for _, args := range [][]string{{"--reason", "x"}, {"--day", "2026-11-22.."}, {"--mac", string(newPBX)}} {
		command := append([]string{"quarantine", "release", "quarantine/dt=2026-11-24/x.json", "--data", t.TempDir()}, args...)
		if got := do(t, command...); got.code != exitUnclear || !strings.Contains(got.errs, "go with --all") {
			t.Errorf("%q: %+v", args, got)
		}
	}
}
