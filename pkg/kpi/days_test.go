package kpi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const testMAC = pbx.MAC("68692e0b0001")

// testZone is the zone in which the ids of the stories mean 19:00.
var testZone = pbx.ZoneAt(8 * time.Hour)

// story is a file of testdata/days: the records of a few days, and their figures by the rule that gives
// the file its name.
//
// A line is a kind of event and the event as JSON, or a comment. These comments are read:
//
//	# settings {"short_abandon_seconds":10}      instead of the defaults
//	# zone Europe/Berlin                         instead of +08:00, in which the ids' 19:00 is
//	# received 2018-11-05T12:00:00Z              of the records that follow; else as they start
//	# day 2018-11-05                             a day to compute, of the expectations that follow
//	# expect queue 630: offered 1 asa_seconds 7  members of its figures, by their path
//
// A sign is a line such as login 101 2018-11-05T08:00:00Z, or logoff.
//
// Figures are those of a queue, an agent, the pbx or a call (its uuid, @ and queue); the rows
// are the lists of queues, agents and calls. A value is as JSON has it, or a fraction.
type story struct {
	settings Settings
	zone     pbx.Zone
	records  []received
	signs    []Sign
	days     []pbx.Day
	expected map[pbx.Day][]expectation
}

// received is an event with its source.
type received struct {
	event pbx.Event
	Source
}

type expectation struct {
	line  string
	of    string            // such as "queue 630"
	wants map[string]string // by path
}

func readStory(t *testing.T, file string) *story {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &story{settings: DefaultSettings, zone: testZone, expected: map[pbx.Day][]expectation{}}
	var receipt time.Time
	for line := range strings.Lines(string(text)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "# ")), " ")
		switch {
		case word == "login" || word == "logoff":
			agent, at, _ := strings.Cut(rest, " ")
			var when time.Time
			when, err = time.Parse(time.RFC3339Nano, at)
			s.signs = append(s.signs, Sign{agent, word == "login", when, hashOf(line)})
		case !strings.HasPrefix(line, "#"):
			s.records = append(s.records, readRecord(t, word, rest, receipt))
			continue
		case word == "settings":
			err = json.Unmarshal([]byte(rest), &s.settings)
		case word == "zone":
			s.zone, err = pbx.ParseZone(rest)
		case word == "received":
			receipt, err = time.Parse(time.RFC3339, rest)
		case word == "day":
			var day pbx.Day
			day, err = pbx.ParseDay(rest)
			s.days = append(s.days, day)
		case word == "expect":
			day := s.days[len(s.days)-1]
			s.expected[day] = append(s.expected[day], readExpectation(t, rest))
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	if len(s.expected) == 0 || len(s.expected) < len(s.days) {
		t.Fatal("a day expects nothing")
	}
	return s
}

func readRecord(t *testing.T, kind, doc string, at time.Time) received {
	t.Helper()
	events := map[string]pbx.Event{"cc_cdr": &pbx.CallRecord{}, "cdr": &pbx.CDR{}, "ivr": &pbx.IVRStep{}}
	dec := json.NewDecoder(strings.NewReader(doc))
	dec.DisallowUnknownFields()
	if err := dec.Decode(events[kind]); err != nil {
		t.Fatalf("%s %s: %v", kind, doc, err)
	}
	return receive(events[kind], at)
}

// receive gives an event its source. Without a receipt, it was received when it started.
func receive(e pbx.Event, at time.Time) received {
	doc, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	if at.IsZero() {
		at = time.Unix(0, 0).UTC().Add(time.Duration(startOf(e)-pbx.LocalTimeOf(time.Unix(0, 0).UTC())) * time.Second)
	}
	return received{e, Source{Hash: hashOf(string(e.Kind()) + string(doc)), Received: at}}
}

func hashOf(text string) string {
	hash := sha256.Sum256([]byte(text))
	return hex.EncodeToString(hash[:8])
}

func startOf(e pbx.Event) pbx.LocalTime {
	switch e := e.(type) {
	case *pbx.CallRecord:
		return e.Start
	case *pbx.CDR:
		return e.Start
	case *pbx.IVRStep:
		return e.Start
	}
	panic("no event of a day: " + e.Kind())
}

func readExpectation(t *testing.T, line string) expectation {
	t.Helper()
	of, rest, _ := strings.Cut(line, ": ")
	words := fields(rest)
	if len(words) == 0 || len(words)%2 != 0 {
		t.Fatalf("%s: a path has no value", line)
	}
	e := expectation{line, of, map[string]string{}}
	for pair := range slices.Chunk(words, 2) {
		e.wants[pair[0]] = pair[1]
	}
	return e
}

// fields are the words of a line; a quoted one may have blanks.
func fields(line string) (words []string) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		word, rest, _ := strings.Cut(line, " ")
		if quoted, err := strconv.QuotedPrefix(line); err == nil {
			word, rest = quoted, line[len(quoted):]
		}
		words, line = append(words, word), rest
	}
	return words
}

// computed is everything computed of a day.
type computed struct {
	Rows
	Calls      []*Call
	AgentCalls []AgentCall
	Sessions   []Session
}

// compute computes a day as a rollup does. It reads more than the day's reach only if it must.
func compute(day pbx.Day, s Settings, zone pbx.Zone, records []received, signs ...Sign) computed {
	return computeIn(NewDay(testMAC, day, s, zone), records, signs...)
}

func computeIn(d *Day, records []received, signs ...Sign) computed {
	from, to := Reach(d.day)
	for more := true; more; from, to, more = d.More() {
		add(d, records, func(start pbx.LocalTime) bool { return start >= from && start < to })
	}
	for _, sign := range signs {
		d.AddSign(sign)
	}
	return allOf(d)
}

// allOf returns everything of a day.
func allOf(d *Day) (all computed) {
	var errs [4]error
	all.Rows, errs[0] = d.Rows()
	all.Calls, errs[1] = collect(d.Calls())
	all.AgentCalls, errs[2] = collect(d.AgentCalls())
	all.Sessions, errs[3] = collect(d.Sessions())
	if err := errors.Join(errs[:]...); err != nil {
		panic(err)
	}
	return all
}

func collect[T any](values iter.Seq2[T, error]) (all []T, err error) {
	for v, err := range values {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// add adds the records that start within a span.
func add(d *Day, records []received, when func(pbx.LocalTime) bool) {
	for _, r := range records {
		if !when(startOf(r.event)) {
			continue
		}
		switch e := r.event.(type) {
		case *pbx.CallRecord:
			d.AddCall(e, r.Source)
		case *pbx.CDR:
			d.AddCDR(e, r.Source)
		case *pbx.IVRStep:
			d.AddIVRStep(e, r.Source)
		}
	}
}

// goldenDay is a day as golden files show it.
type goldenDay struct {
	pbx    PBXFigures
	queues []QueueFigures
	agents []AgentFigures
	calls  []goldenCall
}

func (g goldenDay) rows() []any {
	rows := []any{g.pbx}
	for _, q := range g.queues {
		rows = append(rows, q)
	}
	for _, a := range g.agents {
		rows = append(rows, a)
	}
	for _, c := range g.calls {
		rows = append(rows, c)
	}
	return rows
}

// goldenCall is a Call with all of its members, and Why.
type goldenCall struct {
	UUID       string        `json:"uuid"`
	Queue      string        `json:"queue"`
	Class      Class         `json:"class"`
	Outcome    Outcome       `json:"outcome"`
	Why        string        `json:"why"`
	Start      pbx.LocalTime `json:"start"`
	End        pbx.LocalTime `json:"end"`
	Caller     string        `json:"caller"`
	Called     string        `json:"called"`
	AnsweredBy string        `json:"answered_by"`
	Wait       pbx.Int       `json:"wait_seconds"`
	Talk       pbx.Int       `json:"talk_seconds"`
	Hold       pbx.Int       `json:"hold_seconds"`
	WrapUp     pbx.Int       `json:"wrap_up_seconds"`
	Ring       pbx.Int       `json:"ring_seconds"`
	Short      bool          `json:"short_abandoned"`
	Score      int64         `json:"score"`
	MissCauses []string      `json:"miss_causes"`
	Visits     int64         `json:"visits"`
	Attempts   int64         `json:"attempts"`
	Records    int64         `json:"records"`
	Suspect    bool          `json:"clock_suspect"`
}

func shown(rows computed) goldenDay {
	thresholds := Thresholds{ServiceLevel: DefaultServiceLevel, ShortAbandon: DefaultSettings.ShortAbandon}
	published := Published{time.Date(2018, 11, 6, 0, 15, 0, 0, time.UTC), 1}
	g := goldenDay{pbx: rows.PBX.Figures(thresholds, published)}
	for _, q := range rows.Queues {
		g.queues = append(g.queues, q.Figures(thresholds, published))
	}
	for _, a := range rows.Agents {
		g.agents = append(g.agents, a.Figures(published))
	}
	for _, c := range rows.Calls {
		g.calls = append(g.calls, goldenCall{
			c.UUID, c.Queue, c.Class, c.Outcome, c.Why(), c.Start, c.End, c.Caller, c.Called, c.AnsweredBy,
			c.Wait, c.Talk, c.Hold, c.WrapUp, c.Ring, c.Short, c.Score,
			append([]string{}, c.MissCauses...), c.Visits, c.Attempts, c.Records, c.Suspect,
		})
	}
	return g
}

func TestDaysComeToTheirGoldenFigures(t *testing.T) {
	files, err := filepath.Glob("testdata/days/*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("found %d days, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			s := readStory(t, file)
			var days []goldenDay
			for _, day := range s.days {
				rows := compute(day, s.settings, s.zone, s.records, s.signs...)
				days = append(days, shown(rows))
				for _, e := range s.expected[day] {
					e.check(t, days[len(days)-1])
				}
			}
			checkGolden(t, strings.TrimSuffix(file, ".txt")+".golden.json", days)
		})
	}
}

func TestEveryGoldenDayHasItsRecords(t *testing.T) {
	goldens, err := filepath.Glob("testdata/days/*.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, golden := range goldens {
		if _, err := os.Stat(strings.TrimSuffix(golden, ".golden.json") + ".txt"); err != nil {
			t.Error(err)
		}
	}
}

// checkGolden compares days with a golden file, which has a line for each row and call.
func checkGolden(t *testing.T, path string, days []goldenDay) {
	t.Helper()
	var lines [][]byte
	for _, day := range days {
		for _, row := range day.rows() {
			line, err := json.Marshal(row)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, line)
		}
	}
	got := slices.Concat([]byte("[\n"), bytes.Join(lines, []byte(",\n")), []byte("\n]\n"))
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// check compares a day with the expectation.
func (e expectation) check(t *testing.T, day goldenDay) {
	t.Helper()
	of, ok := day.find(e.of)
	if !ok {
		t.Errorf("%s: nothing has that name", e.line)
		return
	}
	doc, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range e.wants {
		got, err := at(doc, path)
		if err != nil {
			t.Errorf("%s: %s: %v", e.line, path, err)
		} else if got != jsonOf(want) {
			t.Errorf("%s: %s is %s", e.line, path, got)
		}
	}
}

// find returns the figures that an expectation is about.
func (g goldenDay) find(of string) (any, bool) {
	known := map[string]any{"pbx": g.pbx}
	names := map[string][]string{"queues": {}, "agents": {}, "calls": {}}
	for _, q := range g.queues {
		known["queue "+q.Queue] = q
		names["queues"] = append(names["queues"], q.Queue)
	}
	for _, a := range g.agents {
		known["agent "+a.Agent] = a
		names["agents"] = append(names["agents"], a.Agent)
	}
	for _, c := range g.calls {
		name := strings.TrimSuffix(c.UUID+"@"+c.Queue, "@")
		known["call "+name] = c
		names["calls"] = append(names["calls"], name)
	}
	known["rows"] = names
	figures, ok := known[of]
	return figures, ok
}

// at returns the value at a path such as service_level.of_offered or intervals.0.start.
func at(doc []byte, path string) (string, error) {
	for step := range strings.SplitSeq(path, ".") {
		var members map[string]json.RawMessage
		var elements []json.RawMessage
		if json.Unmarshal(doc, &elements) == nil {
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(elements) {
				return "", fmt.Errorf("there is no element %s of %d", step, len(elements))
			}
			doc = elements[i]
			continue
		}
		if err := json.Unmarshal(doc, &members); err != nil {
			return "", err
		}
		if members[step] == nil {
			return "", fmt.Errorf("there is no %s in %v", step, slices.Sorted(maps.Keys(members)))
		}
		doc = members[step]
	}
	return string(doc), nil
}

// jsonOf returns a word of an expectation as JSON.
func jsonOf(word string) string {
	if a, b, ok := strings.Cut(word, "/"); ok {
		x, err := strconv.ParseFloat(a, 64)
		y, err2 := strconv.ParseFloat(b, 64)
		if err == nil && err2 == nil {
			return strconv.FormatFloat(x/y, 'f', -1, 64)
		}
	}
	if json.Valid([]byte(word)) {
		return word
	}
	quoted, err := json.Marshal(word)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}
