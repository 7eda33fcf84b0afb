package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"trunkline/pkg/archive/archivetest"

	"trunkline/infra/built"
	"trunkline/infra/demo"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
	"trunkline/pkg/token"
)

// fleetKeys sign no real URLs.
const fleetKeys = "k1:an-example-that-signs-no-real-urls-at-all"

const demoMAC = "68:69:2e:0b:00:01"

// binary is the program under test, as users build it.
var binary string

func TestMain(m *testing.M) {
	var err error
	if binary, err = built.Program("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// result is what a run of the program gave.
type result struct {
	out, errs string
	code      int
}

func run(t *testing.T, env string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, binary, args...)
	c.Env = append(os.Environ(), "FLEET_KEYS="+env)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), c.ProcessState.ExitCode()}
}

// serving is a running `pbxctl serve`.
type serving struct {
	cmd  *exec.Cmd
	base string
	data string
	out  *bufio.Reader // what it says after its first line
	errs *text
}

// text is what a program has written so far.
type text struct {
	mu  sync.Mutex
	all []byte
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, p...)
	return len(p), nil
}

func (t *text) Bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all
}

func (t *text) String() string { return string(t.Bytes()) }

func serve(t *testing.T, data string, more ...string) *serving {
	t.Helper()
	return serveWith(t, data, func(*exec.Cmd) {}, more...)
}

// serveWith runs the program as change has it.
func serveWith(t *testing.T, data string, change func(*exec.Cmd), more ...string) *serving {
	t.Helper()
	s := &serving{data: data, errs: &text{}}
	s.cmd = exec.Command(binary, append([]string{"serve", "--addr", "127.0.0.1:0", "--data", data}, more...)...)
	s.cmd.Env = append(os.Environ(), "FLEET_KEYS="+fleetKeys)
	s.cmd.Stderr = s.errs
	change(s.cmd)
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill(); s.cmd.Wait() })
	s.out = bufio.NewReader(out)
	line, err := s.out.ReadString('\n')
	match := regexp.MustCompile(`^Trunkline listens on (http://127\.0\.0\.1:\d+) and`).FindStringSubmatch(line)
	if err != nil || match == nil {
		s.cmd.Wait()
		t.Fatalf("the first line is %q, %v: %s", line, err, s.errs)
	}
	s.base = match[1]
	return s
}

// stop ends the program as an operator would, and returns what it printed after its first line.
func (s *serving) stop(t *testing.T) string {
	t.Helper()
	s.cmd.Process.Signal(syscall.SIGTERM)
	rest, err := io.ReadAll(s.out)
	if err = errors.Join(err, s.cmd.Wait()); err != nil {
		t.Errorf("stopped with %v: %s", err, s.errs)
	}
	return string(rest)
}

func keys(t *testing.T) *token.Keyring {
	t.Helper()
	k, err := token.ParseKeys(fleetKeys)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// ownPath is the path of a PBX's URL.
func ownPath(t *testing.T) string { return ingesttest.Endpoint{Keys: keys(t)}.URL(demo.PBX, 1) }

func TestServePassesTheSuiteAndLeaksNoSecret(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "--body-timeout", "2s")
	table, err := sqlite.Open(t.Context(), filepath.Join(s.data, "records.db")) // past the lock: the suite sets devices
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	bucket, err := dir.OpenReadOnly(filepath.Join(s.data, "archive"))
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	ingesttest.Run(t, ingesttest.Endpoint{
		Base: s.base, Keys: keys(t), Store: store.New(table, time.Now), Bucket: bucket,
		Golden: "../../testdata/vendor/records.golden.jsonl", BodyTimeout: 2 * time.Second,
	})
	s.stop(t)
	if !strings.Contains(s.errs.String(), "outcome=stored") || !strings.Contains(s.errs.String(), "outcome=unauthorised") {
		t.Errorf("the log has not what it should: %s", s.errs)
	}
	checkNoSecret(t, "the log", s.errs.Bytes())
	err = filepath.WalkDir(s.data, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		checkNoSecret(t, path, append([]byte(path), content...))
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// checkNoSecret looks for the key, and for whatever has the form of a token.
func checkNoSecret(t *testing.T, where string, content []byte) {
	t.Helper()
	_, secret, _ := strings.Cut(fleetKeys, ":")
	if found := regexp.MustCompile(`k\d+-\d+-[a-z2-7]{5}|` + secret).Find(content); found != nil {
		t.Errorf("%s has %s", where, found)
	}
}

// TestKilledUnderLoadLosesNothing kills the server while it is answering, again and again
// on the same data, and looks for every event that was acknowledged.
func TestKilledUnderLoadLosesNothing(t *testing.T) {
	const senders = 8
	kills := 20
	if *full {
		kills = 50
	}
	data, url := t.TempDir(), "/v1/pbx/68692e0b0001/"+keys(t).Sign("68692e0b0001", 1).Reveal()
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	for kill := range kills {
		s, loaded := serve(t, data), len(acknowledged)+senders
		client := http.Client{Timeout: 10 * time.Second}
		var sending sync.WaitGroup
		for sender := range senders {
			sending.Go(func() {
				for n := 0; ; n++ {
					uuid := fmt.Sprintf("%d.%d.%d", kill, sender, n)
					body := fmt.Sprintf("{event:'cc_cdr', uuid:'%s', startTime:'2018-11-05 19:05:31'}", uuid)
					response, err := client.Post(s.base+url, "", strings.NewReader(body))
					if err != nil {
						return
					}
					response.Body.Close()
					if response.StatusCode == http.StatusOK {
						mu.Lock()
						acknowledged[uuid] = true
						mu.Unlock()
					}
				}
			})
		}
		for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(time.Millisecond) {
			mu.Lock()
			n := len(acknowledged)
			mu.Unlock()
			if n >= loaded {
				break
			}
		}
		time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
		s.cmd.Process.Kill()
		s.cmd.Wait()
		sending.Wait()
		client.CloseIdleConnections()
	}
	if len(acknowledged) < kills*senders {
		t.Fatalf("only %d events were acknowledged: this is no load", len(acknowledged))
	}
	recorded, archived := readBack(t, data)
	for uuid := range acknowledged {
		if !recorded[uuid] || !archived[uuid] {
			t.Errorf("event %s was acknowledged: recorded %v, archived %v", uuid, recorded[uuid], archived[uuid])
		}
	}
	t.Logf("%d events acknowledged over %d kills, %d recorded, %d archived", len(acknowledged), kills, len(recorded), len(archived))
}

// readBack are the calls that a data folder has, by their uuids.
func readBack(t *testing.T, data string) (recorded, archived map[string]bool) {
	t.Helper()
	recorded, archived = map[string]bool{}, map[string]bool{}
	table, err := sqlite.OpenReadOnly(t.Context(), filepath.Join(data, "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	for r, err := range store.New(table, time.Now).CallRecords(t.Context(), "68692e0b0001", pbx.UTC, store.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		recorded[r.Event.UUID] = true
	}
	bucket, err := dir.OpenReadOnly(filepath.Join(data, "archive"))
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	uuid := regexp.MustCompile(`uuid:'([\d.]+)'`)
	for _, receipt := range archivetest.Receipts(t, bucket, "raw/") {
		archived[string(uuid.FindSubmatch(receipt.Body)[1])] = true
	}
	return recorded, archived
}

func TestARecordIsReadWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	for _, body := range []string{
		"{event:'cc_cdr', uuid:'1.1', queueCode:'630', startTime:'2018-11-05 19:05:31', caller:'\x1b[2J\\u202e85322361'}",
		"{event:'cdr', uniqueid:'1.2', starttime:'2018-11-05 20:00:00'}",
		"{event:'ivr', uuid:'1.1', ivrId:'610', startTime:'2018-11-05 19:05:00'}",
		"{event:'extensionstatus', exten:'808', status:1}",
		"{event:'hangup', uniqueid:'1.9'}",
	} {
		if status, answer := ingesttest.Post(t, ingesttest.Endpoint{Base: s.base, Keys: keys(t)}.URL("68692e0b0001", 1), []byte(body)); status != 200 {
			t.Fatal(answer)
		}
	}
	for _, c := range []struct {
		args string
		text string // in the table for people
		json string // in the lines for programs
	}{
		{"calls", "85322361", `"uuid":"1.1"`},
		{"calls", "1.2", `"kind":"cdr"`},
		{"calls --day 2018-11-05", "85322361", `"uuid":"1.1"`},
		{"calls --day 2018-11-06", "No contact-centre records.", ""},
		{"ivr --day 2018-11-05", "610", `"ivr_id":"610"`},
		{"extensions", "808", `"status":1`},
		{"extensions --log 808", "808", `"status":1`},
		{"extensions --log 809", "Nothing is known of it.", ""},
		{"live", "ended", `"state":"ended"`},
	} {
		args := append(strings.Fields(c.args), demoMAC, "--data", s.data)
		if got := run(t, "", args...); got.code != 0 || !strings.Contains(got.out, c.text) || got.errs != "" || strings.ContainsAny(got.out, "\x1b\u202e") {
			t.Errorf("%s: %+v, want %s", c.args, got, c.text)
		}
		if got := run(t, "", append(args, "--json")...); got.code != 0 || !strings.Contains(got.out, c.json) || c.json == "" && got.out != "" || strings.ContainsAny(got.out, "\x1b\u202e") {
			t.Errorf("%s --json: %+v, want %s", c.args, got, c.json)
		}
	}
}

func TestWhatCannotBeDoneIsOneClearLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	newer, file := filepath.Join(folder, "newer"), filepath.Join(folder, "file")
	if err := errors.Join(os.Mkdir(newer, 0o700), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(newer, "records.db"))
	if err == nil {
		_, err = db.Exec("PRAGMA user_version = 99")
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	running := serve(t, filepath.Join(folder, "running"))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	fresh := filepath.Join(folder, "fresh")
	for _, c := range []struct {
		args string
		env  string
		want string
		code int
	}{
		{"serve --addr 127.0.0.1:0 --data " + file + "/x", "", "make the data folder: mkdir " + file, 1},
		{"serve --addr 127.0.0.1:0 --data " + file, "", "make the data folder: mkdir " + file, 1},
		{"serve --addr 127.0.0.1:0 --data " + newer, "", "was written by a newer version of Trunkline (schema 99, this version knows 1)", 1},
		{"serve --addr 127.0.0.1:0 --data " + running.data, "", "is in use by another pbxctl: stop it, or choose another folder", 1},
		{"serve --addr " + taken.Addr().String() + " --data " + fresh, "", "is taken: choose another with --addr", 1},
		{"serve --addr nowhere --data " + fresh, "", "listen tcp: address nowhere: missing port", 1},
		{"serve --addr 127.0.0.1:0 --data " + fresh, "k1:too-short", "FLEET_KEYS: key 1: the secret of k1 is shorter than 32 characters", 1},
		{"serve", "", "where is the data folder? Give --data DIR, or set TRUNKLINE_DATA", 2},
		{"listen", "", "unexpected argument listen", 2},
		{"", "", "expected one of", 2},
		{"calls reception --data " + running.data, "", `<mac>: "reception" is not a MAC address: 12 hexadecimal digits`, 2},
		{"calls " + demoMAC + " --data " + file, "", "records.db", 1},
		{"calls " + demoMAC + " --data " + folder + "/none", "", "is not a data folder", 1},
		{"calls " + demoMAC, "", "where is the data? Give --stack NAME or --data DIR, or set TRUNKLINE_STACK or TRUNKLINE_DATA", 2},
		{"calls " + demoMAC + " --data x --stack y", "", "--data is a folder of this machine, and --stack is on AWS: give one of them", 2},
		{"calls " + demoMAC + " --data " + running.data + " --day tomorrow", "", `--day: "tomorrow" is not a day such as 2018-11-05`, 2},
		{"device url 12 --base http://x", fleetKeys, `pbxctl: <mac>: "12"`, 2},
		{"device url " + demoMAC + " --base x", fleetKeys, `--base: "x" is not a URL such as https://pbx.example.com`, 2},
		{"device url " + demoMAC + " --base http://x --generation 0", fleetKeys, "--generation: a generation is a number from 1", 2},
		{"device url " + demoMAC + " --base http://x", "", "where is the data? Give --stack NAME or --data DIR", 2},
	} {
		got := run(t, c.env, strings.Fields(c.args)...)
		if got.code != c.code || got.out != "" || !strings.Contains(got.errs, c.want) || !strings.HasPrefix(got.errs, "pbxctl: ") || strings.Count(got.errs, "\n") != 1 {
			t.Errorf("pbxctl %s\n%+v, want %s", c.args, got, c.want)
		}
		checkNoSecret(t, c.args, []byte(got.errs))
	}
}

func TestTheURLIsAloneOnItsLineAndOpens(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	got := run(t, fleetKeys, "device", "url", "68-69-2E-0B-00-01", "--base", s.base+"/")
	if want := (ingesttest.Endpoint{Base: s.base, Keys: keys(t)}).URL("68692e0b0001", 1) + "\n"; got != (result{out: want}) {
		t.Errorf("got %+v", got)
	}
	if status, answer := ingesttest.Post(t, strings.TrimSpace(got.out), []byte("{event:'hangup',uniqueid:'1'}")); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
}

func TestAKeyIsMadeOnceAndForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var urls []string
	for range 2 {
		if got := run(t, "", "demo", "--addr", "127.0.0.1:0", "--data", data, "--once"); got.code != 0 {
			t.Fatalf("%+v", got)
		}
		got := run(t, "", "device", "url", demoMAC, "--base", "http://x", "--data", data)
		urls = append(urls, got.out)
	}
	info, err := os.Stat(filepath.Join(data, "fleet-keys"))
	if err != nil || info.Mode().Perm() != 0o600 || urls[0] != urls[1] || !strings.HasPrefix(urls[0], "http://x/v1/pbx/68692e0b0001/k1-1-") {
		t.Errorf("%v, %v, %q", info.Mode(), err, urls)
	}
}

func TestTheDemoTakesAnotherPortAndShowsWhatBecameOfEachExample(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	got := run(t, "", "demo", "--addr", taken.Addr().String(), "--data", t.TempDir(), "--once")
	if got.code != 0 || got.errs != "" || strings.Count(got.out, `200 OK  {"stored":1}`) != 6 || strings.Contains(got.out, taken.Addr().String()) {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{"MEMBER_CANCEL", "working time", "808        Idle", "SIP/886-00000065 hangup", "has 6 events", "raw/kind=cc_cdr/dt=",
		"PBX 68692e0b0001, 2018-11-05: answered within 20 s", "630    1        0         1          1"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the tour does not show %q:\n%s", want, got.out)
		}
	}
}

func TestEveryCommandHasAHelpWithExamples(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"serve", "demo", "device url", "device set", "device list", "calls", "ivr", "extensions",
		"live", "rollup", "kpi", "kpi show", "kpi explain", "kpi restatements"} {
		got := run(t, "", append(strings.Fields(command), "--help")...)
		if got.code != 0 || !strings.Contains(got.out, "Example") || !strings.Contains(got.out, "pbxctl "+command) {
			t.Errorf("%s: %+v", command, got)
		}
	}
}

// Ctrl-C is how make run is ended.
func TestADemoThatIsInterruptedEndsWell(t *testing.T) {
	t.Parallel()
	begun, stopped := context.WithCancel(t.Context())
	early, stop := context.WithCancel(t.Context())
	stop()
	for when, run := range map[string]func(data string) result{
		"as it opens": func(data string) result { return doWithin(t, early, "demo", "--addr", "127.0.0.1:0", "--data", data) },
		"in the tour": func(data string) result {
			return doInto(t, begun, &firstOutput{then: stopped}, "demo", "--addr", "127.0.0.1:0", "--data", data)
		},
	} {
		if got := run(filepath.Join(t.TempDir(), "data")); got.code != 0 || strings.Contains(got.errs, "pbxctl: ") {
			t.Errorf("%s: %+v", when, got)
		}
	}
	s := exec.Command(binary, "demo", "--addr", "127.0.0.1:0", "--data", t.TempDir())
	out, err := s.StdoutPipe()
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Process.Kill() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "Serving on at ") {
			s.Process.Signal(syscall.SIGHUP) // reads the keys again
			s.Process.Signal(os.Interrupt)
		}
	}
	if err := s.Wait(); err != nil {
		t.Errorf("it serves, and ends with %v", err)
	}
}

func TestAServerOfAllAddressesSaysSo(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "--addr", "0.0.0.0:0") // the later flag counts
	if status, _ := ingesttest.Post(t, s.base+"/", nil); status != 404 {
		t.Errorf("%s answers %d", s.base, status)
	}
	if rest := s.stop(t); !strings.Contains(rest, "by this machine's own address") {
		t.Errorf("it says %q", rest)
	}
}

func TestRequestsUnderWayAreFinishedWhenTheServerStops(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	path := strings.TrimPrefix((ingesttest.Endpoint{Base: s.base, Keys: keys(t)}).URL(pbx.MAC("68692e0b0001"), 1), s.base)
	body := "{event:'hangup',uniqueid:'1'}"
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: pbx\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body[:10])
	time.Sleep(100 * time.Millisecond)
	s.cmd.Process.Signal(syscall.SIGTERM)
	time.Sleep(100 * time.Millisecond)
	fmt.Fprint(conn, body[10:])
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != 200 {
		t.Errorf("%+v, %v", response, err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("stopped with %v: %s", err, s.errs)
	}
}
