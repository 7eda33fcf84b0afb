package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/infra/fleet/truth"
	"trunkline/pkg/kpi"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

// check checks a folder that is no longer served.
func (w *world) check() {
	raw, err := readRaw(local.ArchivePath(w.data))
	if err != nil {
		w.faults.add("the archive can't be read", "%v", err)
		return
	}
	w.checkFiles() // before anything opens the records, which makes some
	w.checkRaw(raw)
	w.checkRecords()
	w.checkFigures(raw)
	w.checkErased()
	w.checkMemory()
	w.checkLog()
}

// said is what one PBX has posted, word for word.
type said struct {
	mac  pbx.MAC
	text string
}

// raw is the content of the archive, by the receiver's clock.
type raw struct {
	received map[said][]time.Time // the earliest first
	ids      map[string]int       // by object
}

// readRaw reads all of raw/ with its own code, single objects and packed ones.
func readRaw(archive string) (raw, error) {
	all := raw{map[said][]time.Time{}, map[string]int{}}
	err := filepath.WalkDir(filepath.Join(archive, "raw"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return eachLine(path, func(line []byte) error { return all.add(path, line) })
	})
	for _, received := range all.received {
		slices.SortFunc(received, time.Time.Compare)
	}
	return all, err
}

func (r raw) add(path string, line []byte) error {
	var e struct {
		ID       string
		MAC      pbx.MAC
		Received time.Time
		Body     string
		Base64   []byte `json:"body_base64"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return fmt.Errorf("%w: %.200q", err, line)
	}
	r.ids[filepath.Base(path)+" "+e.ID]++ // a run of packing that was cut off leaves one in two objects
	what := said{e.MAC, e.Body + string(e.Base64)}
	r.received[what] = append(r.received[what], e.Received)
	return nil
}

// eachLine calls use with the lines of a file, which may be compressed.
func eachLine(path string, use func([]byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	buffered := bufio.NewReader(f)
	var in io.Reader = buffered
	if first, _ := buffered.Peek(2); string(first) == "\x1f\x8b" {
		if in, err = gzip.NewReader(buffered); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if torn := err == io.EOF && in == buffered; len(line) > 0 && !torn {
			if err := use(line); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
}

// texts returns the texts of a delivery's events, as they are archived.
func texts(body []byte) ([]string, error) {
	decoded, err := zycoo.Decode(body)
	if err != nil || !decoded.Array {
		return []string{string(body)}, err
	}
	var all []string
	for _, element := range decoded.Elements {
		all = append(all, element.Text)
	}
	return all, nil
}

// checkRaw checks that all acknowledged events are archived, and each of them once.
func (w *world) checkRaw(r raw) {
	for id, times := range r.ids {
		if times > 1 {
			w.faults.add("archived twice under one id", "%s, %d times", id, times)
		}
	}
	for _, p := range w.fleet {
		for _, d := range p.acked {
			all, err := texts(d.Body)
			if err != nil {
				w.faults.add("a made-up event can't be decoded", "%v: %.200q", err, d.Body)
			}
			for _, text := range all {
				w.counts.add("checked: events in the archive", 1)
				if len(r.received[said{p.pbx.MAC, text}]) == 0 {
					w.faults.add("acknowledged, and not archived", "%s: %.300q", p.pbx.MAC, text)
				}
			}
		}
	}
	w.checkErasable(r)
}

var uuid = regexp.MustCompile(`uuid['"]?:\s*['"](17\d{8}\.\d)['"]`)

// checkErasable checks that the calls of callers who may be erased are archived.
func (w *world) checkErasable(r raw) {
	kept := map[string]bool{}
	for what := range r.received {
		if found := uuid.FindStringSubmatch(what.text); found != nil && what.mac == erasableMAC {
			kept[found[1]] = true
		}
	}
	for _, id := range w.erasable.ids {
		if !kept[id] {
			w.faults.add("a call whose caller may be erased is not archived", "%s", id)
		}
	}
}

// recordKinds are the kinds whose records are kept for good.
const recordKinds = "CALL CDR IVR"

// checkRecords checks that there is one record for each content that was acknowledged.
func (w *world) checkRecords() {
	table, err := local.OpenRecords(context.Background(), w.data)
	if err != nil {
		w.faults.add("the records can't be read", "%v", err)
		return
	}
	defer table.Close()
	for _, p := range w.fleet {
		w.compareRecords(p.pbx.MAC, p.wanted(), w.recorded(table, p.pbx.MAC))
	}
	want := map[string]int{}
	for _, id := range w.erasable.ids {
		want[id]++
	}
	got := map[string]int{}
	for key, n := range w.recorded(table, erasableMAC) {
		got[key[strings.LastIndexByte(key, '#')+1:]] += n
	}
	w.compareRecords(erasableMAC, want, got)
}

// recorded counts a PBX's records by kind, start and id.
func (w *world) recorded(table store.Table, mac pbx.MAC) map[string]int {
	all := map[string]int{}
	for kind := range strings.FieldsSeq(recordKinds) {
		for item, err := range table.Query(context.Background(), store.Prefix(string(mac), kind+"#")) {
			if err != nil {
				w.faults.add("the records can't be read", "%v", err)
				break
			}
			parts := strings.SplitN(item.SK, "#", 4)
			all[strings.Join(parts[:3], "#")]++
		}
	}
	return all
}

// wanted counts the records that a PBX's events must make, by kind, start and id.
func (p *honest) wanted() map[string]int {
	contents := map[string]map[string]bool{}
	add := func(kind string, start pbx.LocalTime, id string, event any) {
		key := kind + "#" + start.String() + "#" + id
		if contents[key] == nil {
			contents[key] = map[string]bool{}
		}
		contents[key][fmt.Sprintf("%+v", event)] = true
	}
	for _, d := range p.acked {
		for _, e := range d.Events {
			switch e := e.(type) {
			case *pbx.CallRecord:
				r := *e.In(p.pbx.Zone)
				add("CALL", r.Start, r.UUID, r)
			case *pbx.CDR:
				r := *e.In(p.pbx.Zone)
				add("CDR", r.Start, r.UniqueID, r)
			case *pbx.IVRStep:
				r := *e.In(p.pbx.Zone)
				add("IVR", r.Start, r.UUID, r)
			}
		}
	}
	all := map[string]int{}
	for key, of := range contents {
		all[key] = len(of)
	}
	return all
}

func (w *world) compareRecords(mac pbx.MAC, want, got map[string]int) {
	for key, n := range want {
		w.counts.add("checked: records", n)
		if got[key] != n {
			w.faults.add("acknowledged events and records differ", "%s %s: %d records, not %d", mac, key, got[key], n)
		}
	}
	for key, n := range got {
		if want[key] == 0 {
			w.faults.add("recorded, and never sent", "%s %s: %d records", mac, key, n)
		}
	}
}

// checkFigures has the program compare the published figures with the true ones.
func (w *world) checkFigures(r raw) {
	path := w.path("truth.jsonl")
	if err := w.writeTruth(path, r); err != nil {
		w.faults.add("the true figures can't be written", "%v", err)
		return
	}
	got := w.pbxctl(context.Background(), "simulate", "check", "--truth", path, "--data", w.data)
	if got.code != 0 {
		w.faults.add("figures are not the true ones", "%s%s", got.errs, got.out)
	}
	fmt.Print("soak: ", got.out)
}

// delivered is an event, and when it was first received.
type delivered struct {
	event pbx.Event
	at    time.Time
}

func (w *world) writeTruth(path string, r raw) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	out := json.NewEncoder(f)
	out.SetEscapeHTML(false)
	for _, p := range w.fleet {
		records := truth.New(p.pbx.MAC, p.pbx.Zone)
		for _, d := range p.inOrder(r) {
			records.Add(d.event, d.at)
		}
		for rows := range records.Rows() {
			for _, row := range shown(rows) {
				if err := out.Encode(row); err != nil {
					return err
				}
			}
		}
	}
	return f.Sync()
}

// inOrder returns a PBX's events in the order in which they were first received.
func (p *honest) inOrder(r raw) (all []delivered) {
	for _, d := range p.acked {
		texts, err := texts(d.Body)
		if err != nil || len(texts) != len(d.Events) {
			continue // which is reported already
		}
		for i, text := range texts {
			if received := r.received[said{p.pbx.MAC, text}]; len(received) > 0 {
				all = append(all, delivered{d.Events[i], received[0]})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b delivered) int { return a.at.Compare(b.at) })
	return all
}

// shown returns rows as they are published, without the members about their publication.
func shown(rows kpi.Rows) (all []map[string]any) {
	thresholds := rollup.Thresholds(store.Device{})
	add := func(figures any) {
		var row map[string]any
		text, err := json.Marshal(figures)
		if err == nil {
			err = json.Unmarshal(text, &row)
		}
		if err != nil {
			panic(err) // figures are numbers and texts
		}
		delete(row, "computed_at")
		delete(row, "revision")
		if inputs, ok := row["inputs"].(map[string]any); ok {
			delete(inputs, "hash")
		}
		all = append(all, row)
	}
	for _, a := range rows.Agents {
		add(a.Figures(kpi.Published{}))
	}
	add(rows.PBX.Figures(thresholds, kpi.Published{}))
	for _, q := range rows.Queues {
		add(q.Figures(thresholds, kpi.Published{}))
	}
	return all
}

// checkErased looks for the numbers of all erased callers in all files.
func (w *world) checkErased() {
	erased := map[string]bool{}
	for _, caller := range w.erasable.erased {
		erased[number(caller)] = true
	}
	w.counts.add("checked: erased numbers", len(erased))
	digits := regexp.MustCompile(`1555\d{7}`)
	look := func(path string) func([]byte) error {
		return func(line []byte) error {
			for _, found := range digits.FindAll(line, -1) {
				if erased[string(found)] {
					w.faults.add("an erased number is left", "%s in %s", found, strings.TrimPrefix(path, w.data))
				}
			}
			return nil
		}
	}
	err := filepath.WalkDir(w.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return eachLine(path, look(path))
	})
	if err != nil {
		w.faults.add("the folder can't be read", "%v", err)
	}
}

// checkFiles looks for files that only a running program has.
func (w *world) checkFiles() {
	err := filepath.WalkDir(w.data, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, w.data)
		switch folder := strings.SplitN(name, "/", 4); {
		case err != nil || d.IsDir():
			return err
		case len(folder) == 2 && slices.Contains([]string{"records.db", "fleet-keys", "fleet-keys.lock", "lock", "lock.serve"}, folder[1]):
		case len(folder) > 3 && folder[1] == "archive" && !strings.HasPrefix(folder[2], "~"):
		default:
			w.faults.add("a file is left", "%s", name)
		}
		return nil
	})
	if err != nil {
		w.faults.add("the folder can't be read", "%v", err)
	}
}

// Memory is flat if that in use at the end of each quarter is within these bounds of the first. The
// largest commands that run then take some of it, and differ from quarter to quarter.
const (
	memoryFactor = 2
	memoryMiB    = 32
)

func (w *world) checkMemory() {
	fmt.Println("soak: MiB at the end of each quarter, the largest:", w.quarter)
	for n, mib := range w.quarter {
		w.counts.add(fmt.Sprintf("MiB of memory, quarter %d", n+1), mib)
		if most := memoryFactor*float64(w.quarter[0]) + memoryMiB; float64(mib) > most {
			w.faults.add("memory grows", "%d MiB at the end of quarter %d, %d of the first", mib, n+1, w.quarter[0])
		}
	}
}

var (
	message = regexp.MustCompile(`level=(ERROR|WARN) msg=("[^"]*"|\S+)`)
	outcome = regexp.MustCompile(`msg=delivery mac=\S+ outcome=(\S+) .*spilled=(\d+)`)
)

// checkLog counts what the servers logged, and looks for faults in the program.
func (w *world) checkLog() {
	err := eachLine(w.server.log.Name(), func(line []byte) error {
		if found := outcome.FindSubmatch(line); found != nil {
			spilled, _ := strconv.Atoi(string(found[2])) // digits
			w.counts.add(fmt.Sprintf("log: deliveries, %s", found[1]), 1)
			w.counts.add("log: events spilled", spilled)
		} else if found := message.FindSubmatch(line); found != nil {
			w.counts.add(fmt.Sprintf("log: %s %s", found[1], found[2]), 1)
		}
		for _, fault := range []string{"panic:", "fault in the program", "fatal error:"} {
			if strings.Contains(string(line), fault) && !strings.Contains(string(line), "forged") {
				w.faults.add("a server has a fault", "%.1000s", line)
			}
		}
		return nil
	})
	if err != nil {
		w.faults.add("the log can't be read", "%v", err)
	}
}
