package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Selection is a part of the archive.
type Selection struct {
	First, Last pbx.Day // UTC days of receipt, both included
	MAC         pbx.MAC // empty: all PBXs
	After       string  // the name of the last object that is done; empty: none is done
	// AtOnce is how many objects are replayed concurrently, and how many lines of each; 0: 64.
	AtOnce int
}

// Report is how far a replay has come.
type Report struct {
	Done   int    // objects
	Events int    // in these objects
	Held   int    // events that can't be recorded
	Last   string // the name of an object: it and all objects before it are done, and none was skipped
	Why    error  // why the first held event can't be recorded
}

// Summary is the result of a replay, for programs.
type Summary struct {
	Objects int            `json:"objects"`
	Events  int            `json:"events"`
	Held    int            `json:"held"`
	Why     string         `json:"first_held,omitempty"`
	DryRun  bool           `json:"dry_run"`
	Writes  map[string]int `json:"would_write,omitempty"` // items, by kind
}

// Summary sums up a replay. dry is the table of a dry run; else it is nil.
func (r Report) Summary(dry *DryRun) Summary {
	s := Summary{Objects: r.Done, Events: r.Events, Held: r.Held, DryRun: dry != nil}
	if r.Why != nil {
		s.Why = r.Why.Error()
	}
	if dry != nil {
		s.Writes = dry.Writes()
	}
	return s
}

const (
	// atOnce is the default of Selection.AtOnce.
	atOnce = 64
	// progressEvery is how many objects are replayed between two calls of progress.
	progressEvery = 64
)

// Run replays a part of the archive, in the order of days, kinds and names. It calls progress after
// every few objects. It skips an object that can't be read, or has lines that can't be recorded
// though the table works. The error names such objects. Any other error says where the replay
// stopped. A replay may be repeated.
func Run(
	ctx context.Context, b archive.Bucket, s *store.Store, now func() time.Time, sel Selection, progress func(Report),
) (Report, error) {
	r := &run{bucket: b, recorder: NewRecorder(s, now), progress: progress, packed: make(chan struct{}, 1), ended: map[string]bool{}}
	r.recorder.atOnce = cmp.Or(sel.AtOnce, atOnce)
	objects := each.Loop[string]{Of: "archived objects", Name: each.Text[string], AtOnce: r.recorder.atOnce, Skipped: r.skip}
	err := objects.Do(ctx, each.Where(Names(ctx, b, sel), r.begin), func(ctx context.Context, name string) error {
		err := r.object(ctx, name)
		if err != nil && s.Ping(ctx) != nil {
			return each.Stop(fmt.Errorf("replay %s: %w", name, err))
		}
		return err
	})
	progress(r.report)
	return r.report, err
}

// run is a replay that is running.
type run struct {
	bucket   archive.Bucket
	recorder *Recorder
	progress func(Report)
	packed   chan struct{} // large objects are replayed one by one

	mu     sync.Mutex
	report Report
	begun  []string // after report.Last, in their order
	ended  map[string]bool
	stuck  bool // something was skipped: report.Last stays
}

// begin notes that an object is next.
func (r *run) begin(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stuck {
		r.begun = append(r.begun, name)
	}
	return true
}

// skip notes that an object was skipped. A repeated replay begins before it.
func (r *run) skip(bad *each.Bad) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stuck = true
	if at := slices.Index(r.begun, bad.Name); at >= 0 {
		r.begun = r.begun[:at]
	}
}

// end notes that an object is done.
func (r *run) end(name string, o outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Done++
	r.report.Events += o.events
	r.report.Held += o.held
	if r.report.Why == nil {
		r.report.Why = o.why
	}
	if !r.stuck || slices.Contains(r.begun, name) {
		r.ended[name] = true
	}
	for len(r.begun) > 0 && r.ended[r.begun[0]] {
		r.report.Last = r.begun[0]
		delete(r.ended, r.begun[0])
		r.begun = r.begun[1:]
	}
	if r.report.Done%progressEvery == 0 {
		r.progress(r.report)
	}
}

func (r *run) object(ctx context.Context, name string) error {
	if archive.IsPacked(name) {
		r.packed <- struct{}{}
		defer func() { <-r.packed }()
	}
	o, err := r.recorder.object(ctx, r.bucket, name)
	if err == nil {
		r.end(name, o)
	}
	return err
}

// outcome is the result of an object.
type outcome struct {
	events, held int
	why          error // why the first held event can't be recorded
}

// object records the events of an object concurrently. An object that was erased after it was
// listed has no events.
func (r *Recorder) object(ctx context.Context, b archive.Bucket, name string) (o outcome, err error) {
	text, err := archive.ReadLines(ctx, b, name)
	if errors.Is(err, fs.ErrNotExist) {
		return outcome{}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	if len(text) == 0 && !archive.IsPacked(name) {
		text = []byte("\n") // an invalid line, so that it counts as held
	}
	var mu sync.Mutex
	first := 0 // the first line that is held
	lines := each.Loop[archive.Line]{Of: "archived lines", Name: archive.Line.String, AtOnce: r.atOnce}
	err = lines.Do(ctx, archive.LinesOf(name, text), func(ctx context.Context, line archive.Line) error {
		err := r.line(ctx, line.Text)
		mu.Lock()
		defer mu.Unlock()
		o.events++
		if !errors.Is(err, ErrHeld) {
			return err
		}
		if o.held++; first == 0 || line.N < first {
			first, o.why = line.N, err
		}
		return nil
	})
	return o, err
}

func (r *Recorder) line(ctx context.Context, line []byte) error {
	receipt, err := archive.ParseReceipt(line)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHeld, err)
	}
	_, err = r.Record(ctx, receipt)
	return err
}

// Names yields the names of the objects of a part of the archive, in the order in which they are
// replayed.
func Names(ctx context.Context, b archive.Bucket, sel Selection) iter.Seq2[string, error] {
	var folders []iter.Seq2[string, error]
	for day := sel.First; day <= sel.Last; day++ {
		for _, kind := range pbx.Kinds() {
			folder := archive.RawFolder(kind, day)
			after := ""
			switch place := position(sel.After); {
			case sel.After == "" || place == "":
			case folderOrder(folder) < place:
				continue
			case folderOrder(folder) == place:
				after = sel.After
			}
			folders = append(folders, b.List(ctx, folder+string(sel.MAC), after))
		}
	}
	return each.Join(folders...)
}

// position returns the place of an object's folder in the order of a replay. It is empty for a name
// that is not an object's.
func position(name string) string {
	if end := strings.LastIndexByte(name, '/'); end >= 0 {
		return folderOrder(name[:end+1])
	}
	return ""
}

// folderOrder turns raw/kind=<kind>/dt=<day>/ into a text that sorts by day, then by kind.
func folderOrder(folder string) string {
	parts := strings.Split(folder, "/")
	if len(parts) != 4 {
		return ""
	}
	for i, kind := range pbx.Kinds() {
		if parts[1] == "kind="+string(kind) {
			return fmt.Sprintf("%s %02d", parts[2], i)
		}
	}
	return ""
}
