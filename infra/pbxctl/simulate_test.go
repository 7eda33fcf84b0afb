package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trunkline/infra/fleet/push"
	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

// afterwards is when the simulations of these tests, and all that came late, are over.
func afterwards() time.Time { return time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) }

// runAfterwards runs a command in this process.
func runAfterwards(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs strings.Builder
	p := newProgram(t.Context(), &out, &errs, func(string) string { return "" }, afterwards)
	code := p.run(args)
	return result{out.String(), errs.String(), code}
}

// fleetArgs are a fleet of all dialects in which everything happens that may.
var fleetArgs = []string{"simulate", "--pbx", "6", "--days", "1", "--seed", "128", "--calls", "14", "--first", "2026-06-01", "--json"}

// simulateWith runs a simulation, and returns what it came to.
func simulateWith(t *testing.T, args ...string) (s push.Summary) {
	t.Helper()
	r := runAfterwards(t, slices.Concat(fleetArgs, args)...)
	if err := json.Unmarshal([]byte(r.out), &s); err != nil || r.code != 0 {
		t.Fatalf("exit %d, %v: %s%s", r.code, err, r.out, r.errs)
	}
	if s.Events < 200 || s.Posts >= s.Events || s.Answers[200]+s.Answers[202] != s.Posts || s.Longest <= 0 {
		t.Fatalf("%+v", s)
	}
	return s
}

// rollUp computes all days of all PBXs.
func rollUp(t *testing.T, s *store.Store, r *rollup.Rollup) {
	t.Helper()
	for mac, err := range s.Fleet(t.Context()) {
		var tasks []rollup.Task
		if err == nil {
			tasks, err = r.RequestClosed(t.Context(), mac, 1, 0)
		}
		for _, task := range tasks {
			if err == nil {
				_, err = r.Work(t.Context(), task)
			}
		}
		if err != nil || len(tasks) == 0 {
			t.Fatalf("%s: %d days, %v", mac, len(tasks), err)
		}
	}
}

// inFolder opens a data folder, and has its records used.
func inFolder(t *testing.T, folder string, use func(*store.Store, archive.Bucket)) {
	t.Helper()
	data, err := local.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	use(store.New(data.Table, afterwards), data.Bucket)
}

func TestFiguresOfASimulatedFleetAreTheTrueOnes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	truth := filepath.Join(folder, "truth.jsonl")
	simulateWith(t, "--data", folder)
	inFolder(t, folder, func(s *store.Store, b archive.Bucket) {
		rollUp(t, s, rollup.New(s, b, config.DefaultSchedule(), afterwards))
	})
	check := func(truth string) result {
		return runAfterwards(t, "simulate", "check", "--truth", truth, "--data", folder)
	}
	if r := check(truth); r.code != 0 || !strings.Contains(r.out, " of 6 PBXs are published as they should be") {
		t.Fatalf("exit %d: %s%s", r.code, r.out, r.errs)
	}
	text, err := os.ReadFile(truth)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(text)))
	if !strings.Contains(string(text), `"day":"1970-01-01"`) || !strings.Contains(string(text), `"queue":"630"`) {
		t.Errorf("no clock showed 1970, or no queue has rows: %s", text)
	}
	i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, `"agent":"8`) })
	agent, others := lines[i], slices.Concat(lines[:i], lines[i+1:])
	other := func(old, new string) string { return strings.Replace(agent, old, new, 1) }
	for name, doctored := range map[string][]string{
		"no such row":  others,
		"a row":        slices.Concat(lines[:i], []string{other(`"agent":"8`, `"agent":"9`)}, lines[i:]),
		"ring_seconds": slices.Concat(lines[:i], []string{other(`"ring_seconds":`, `"ring_seconds":1`)}, lines[i+1:]),
	} {
		path := filepath.Join(t.TempDir(), "truth.jsonl")
		if err := os.WriteFile(path, []byte(strings.Join(doctored, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		says := "1 differences in "
		if name == "a row" {
			says = "1 of "
		}
		if r := check(path); r.code != exitFailed || !strings.Contains(r.out, name) || !strings.Contains(r.errs, says) {
			t.Errorf("%s: exit %d: %s%s", name, r.code, r.out, r.errs)
		}
	}
	unrolled := runAfterwards(t, "simulate", "check", "--truth", truth, "--data", emptyData(t))
	if unrolled.code != exitFailed || !strings.Contains(unrolled.errs, "rows are not published: compute them with pbxctl rollup --all --day ..today") {
		t.Errorf("before the rollup: %+v", unrolled)
	}
	forge(t, folder)
	if r := check(truth); r.code != exitFailed || !strings.Contains(r.errs, "1 differences in ") || !strings.Contains(r.out, "ivr_only") {
		t.Errorf("with a forged row: exit %d: %s%s", r.code, r.out, r.errs)
	}
}

// forge publishes another figure of a PBX's day.
func forge(t *testing.T, folder string) {
	t.Helper()
	inFolder(t, folder, func(s *store.Store, _ archive.Bucket) {
		const mac = pbx.MAC("020000000002")
		day := pbx.DayOf(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
		for row, err := range s.Figures().Rows(t.Context(), mac, day) {
			var figures map[string]any
			if err == nil && row.Scope == store.ScopePBX {
				err = json.Unmarshal(row.Row, &figures)
				figures["ivr_only"] = 1000
			}
			if err == nil && figures != nil {
				row.Revision++
				row.Row, err = json.Marshal(figures)
			}
			if err == nil && figures != nil {
				err = s.Figures().PutRow(t.Context(), mac, day, row)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTheSameSeedGivesTheSameTruthAndArchive(t *testing.T) {
	t.Parallel()
	var made []string
	for _, seed := range []string{"7", "7", "8"} {
		folder := t.TempDir()
		r := runAfterwards(t, "simulate", "--pbx", "3", "--days", "1", "--seed", seed, "--calls", "10", "--first", "2026-06-01", "--data", folder)
		text, err := os.ReadFile(filepath.Join(folder, "truth.jsonl"))
		if err != nil || r.code != 0 {
			t.Fatalf("exit %d, %v: %s", r.code, err, r.errs)
		}
		inFolder(t, folder, func(_ *store.Store, b archive.Bucket) {
			for name, err := range b.List(t.Context(), "raw/", "") {
				if err != nil {
					t.Fatal(err)
				}
				text = append(text, name...)
			}
		})
		made = append(made, string(text))
	}
	if made[0] != made[1] || made[0] == made[2] || !strings.Contains(made[0], "raw/kind=cc_cdr/dt=2026-06-01/020000000001-") {
		t.Errorf("%d, %d and %d bytes", len(made[0]), len(made[1]), len(made[2]))
	}
}

func TestASimulationOverHTTPIsAcknowledgedAndComesToItsTrueFigures(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	truth := filepath.Join(folder, "truth.jsonl")
	p := newProgram(t.Context(), io.Discard, io.Discard, func(string) string { return "" }, time.Now)
	s := serveHere(t, p, folder)
	simulateWith(t, "--to", s.URL, "--keys-from", folder, "--truth", truth)
	rollUp(t, s.Store, s.Rollup)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if r := runAfterwards(t, "simulate", "check", "--truth", truth, "--data", folder); r.code != 0 {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.errs)
	}
}

// A third of the fleet is of software v4: its third PBX, and its sixth.
func TestFiguresOfAFleetWithSoftwareV4AreTheTrueOnes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	truth := filepath.Join(folder, "truth.jsonl")
	if s := simulateWith(t, "--v4", "0.34", "--data", folder); s.Without != 0 || s.Answers[202] == 0 {
		t.Errorf("%+v", s)
	}
	inFolder(t, folder, func(s *store.Store, b archive.Bucket) {
		rollUp(t, s, rollup.New(s, b, config.DefaultSchedule(), afterwards))
	})
	if r := runAfterwards(t, "simulate", "check", "--truth", truth, "--data", folder); r.code != 0 || !strings.Contains(r.out, " of 6 PBXs") {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.errs)
	}
	text, err := os.ReadFile(truth)
	if err != nil || !strings.Contains(string(text), `"login_seconds":2`) {
		t.Errorf("no agent was logged in for hours (%v)", err)
	}
}

func TestASimulationOverHTTPKnowsNoTrueFiguresOfSoftwareV4(t *testing.T) {
	t.Parallel()
	url, _ := refusing(t, http.StatusServiceUnavailable, 0)
	folder := t.TempDir()
	truth := filepath.Join(folder, "truth.jsonl")
	var out, errs strings.Builder
	p := newProgram(t.Context(), &out, &errs, func(string) string { return fleetKeys }, afterwards)
	code := p.run(slices.Concat(fleetArgs, []string{"--v4", "0.34", "--to", url, "--truth", truth}))
	var s push.Summary
	err := json.Unmarshal([]byte(out.String()), &s)
	text, err2 := os.ReadFile(truth)
	if err != nil || err2 != nil || code != 0 || s.Without != 2 {
		t.Errorf("exit %d, %v, %v: %s%s", code, err, err2, &out, &errs)
	}
	for mac, want := range map[string]bool{"020000000002": true, "020000000003": false, "020000000006": false} {
		if strings.Contains(string(text), mac) != want {
			t.Errorf("true figures of %s: want %t", mac, want)
		}
	}
}

func TestASimulationAsksTwiceBeforeItSendsLoadElsewhere(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--to http://192.0.2.10:8080":               "192.0.2.10 is not this machine: give --yes-really",
		"--to https://pbx.example.com":              "pbx.example.com is not this machine",
		"--to http://127.0.0.1.example.com":         "is not this machine",
		"--to http://[::1]:1":                       "no key to sign with", // allowed, but for that
		"--to http://localhost:1":                   "no key to sign with",
		"--to https://pbx.example.com --yes-really": "no key to sign with",
		"--to ftp://127.0.0.1":                      "is not a URL",
		"":                                          "where does the fleet post to?",
		"--data DIR --pbx 0":                        "--pbx: 0 is not a number from 1",
		"--data DIR --days 9999":                    "--days: 9999 is not",
		"--data DIR --v4 1.5":                       "--v4: 1.5 is not a share",
		"--data DIR --rate NaN":                     "--rate: NaN is not",
	} {
		args = strings.ReplaceAll(args, "DIR", t.TempDir())
		r := runAfterwards(t, slices.Concat(fleetArgs, strings.Fields(args))...)
		if r.code != exitUnclear || !strings.Contains(r.errs, want) {
			t.Errorf("%q: exit %d: %s", args, r.code, r.errs)
		}
	}
	r := runAfterwards(t, slices.Concat(fleetArgs, []string{"--data", t.TempDir(), "--first", "tomorrow"})...)
	if r.code != exitUnclear || !strings.Contains(r.errs, `--first: "tomorrow" is not a day`) {
		t.Errorf("%+v", r)
	}
}

func TestATruthWithoutRowsProvesNothing(t *testing.T) {
	t.Parallel()
	folder, truth := t.TempDir(), filepath.Join(t.TempDir(), "truth.jsonl")
	inFolder(t, folder, func(*store.Store, archive.Bucket) {})
	row := func(mac string) string { return `{"mac":"` + mac + `","day":"2026-06-01"}` + "\n" }
	for text, want := range map[string]string{"": "there is nothing to compare", "{}\n": "a row has no mac",
		row("01") + "{": "unexpected end", row("01") + row("02") + row("01"): "do not stand together"} {
		if err := os.WriteFile(truth, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := runAfterwards(t, "simulate", "check", "--truth", truth, "--data", folder)
		if r.code != exitFailed || !strings.Contains(r.errs, want) {
			t.Errorf("%q: exit %d: %s", text, r.code, r.errs)
		}
	}
}

// refusing is a server that refuses some posts before it takes one.
func refusing(t *testing.T, status, times int) (url string, posts *atomic.Int64) {
	posts = new(atomic.Int64)
	var mu sync.Mutex
	refused := map[string]int{} // by PBX
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		mu.Lock()
		defer mu.Unlock()
		if refused[r.URL.Path]++; refused[r.URL.Path] <= times {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(status)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, posts
}

func TestASimulationPostsAgainWhatWasNotTaken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status, times int
		retries, lost int // of each PBX; lost: posts that are refused in the end
	}{
		{503, 4, 4, 0},
		{503, 5, 4, 1},
		{401, 1, 0, 1},
		{307, 1, 0, 1},
	} {
		url, posts := refusing(t, test.status, test.times)
		folder := t.TempDir()
		var out, errs strings.Builder
		p := newProgram(t.Context(), &out, &errs, func(string) string { return fleetKeys }, afterwards)
		code := p.run(slices.Concat(fleetArgs, []string{"--to", url, "--truth", filepath.Join(folder, "truth.jsonl")}))
		var s push.Summary
		if test.lost == 0 {
			if err := json.Unmarshal([]byte(out.String()), &s); err != nil || code != 0 || s.Retries != 6*test.retries || posts.Load() != int64(s.Posts+s.Retries) {
				t.Errorf("%+v: exit %d, %+v of %d, %v: %s", test, code, s, posts.Load(), err, &errs)
			}
			continue
		}
		left, err := os.ReadDir(folder)
		if code != exitFailed || !strings.Contains(errs.String(), "6 of ") || len(left) > 0 || err != nil {
			t.Errorf("%+v: exit %d, left %v, %v: %s", test, code, left, err, &errs)
		}
	}
}

func TestAServerThatIsNotThereEndsTheSimulationWithoutAToken(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(nil)
	s.Close()
	var errs strings.Builder
	p := newProgram(t.Context(), t.Output(), &errs, func(string) string { return fleetKeys }, afterwards)
	code := p.run(slices.Concat(fleetArgs, []string{"--to", s.URL}))
	if code != exitFailed || !strings.Contains(errs.String(), "the server does not answer") || strings.Contains(errs.String(), "/v1/pbx") {
		t.Errorf("exit %d: %s", code, &errs)
	}
}
