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
	After       string  // the name of the last object that is done already; empty: none
	// AtOnce is how many objects, and how many lines of one, are replayed at once; 0: 64.
	AtOnce int
}

// Report is how far a replay has come.
type Report struct {
	Done   int    // objects
	Events int    // in them
	Held   int    // events that can't be recorded
	Last   string // the name of the last object that is done, and all before it; of those before what was skipped
	Why    error  // why the first of those held is
}

const (
	// atOnce is how many objects, and how many lines of one, are replayed at once where nobody
	// says it.
	atOnce = 64
	// progressEvery is after how many objects progress is told.
	progressEvery = 64
)

// Run replays a part of the archive, in the order of days, kinds and names. It calls
// progress after every few objects. An object that can't be read, or has lines that can't be
// recorded though the table works, is skipped; the error names such objects. Any other error
// says where it stopped. What is done may be done again.
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

// run is a replay under way.
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

// begin notes that an object comes next.
func (r *run) begin(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stuck {
		r.begun = append(r.begun, name)
	}
	return true
}

// skip notes that an object was skipped: the same replay, done again, begins before it.
func (r *run) skip(bad *each.Bad) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stuck = true
	if at := slices.Index(r.begun, bad.Name); at >= 0 {
		r.begun = r.begun[:at]
	}
}

// end notes what became of an object.
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

// outcome is what became of an object.
type outcome struct {
	events, held int
	why          error // of the first that is held
}

// object records the events of an object, side by side. One that was erased since its name
// was listed has none.
func (r *Recorder) object(ctx context.Context, b archive.Bucket, name string) (o outcome, err error) {
	text, err := archive.ReadLines(ctx, b, name)
	if errors.Is(err, fs.ErrNotExist) {
		return outcome{}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	if len(text) == 0 && !archive.IsPacked(name) {
		text = []byte("\n") // no envelope
	}
	var mu sync.Mutex
	first := 0 // line that is held
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

// position is the place of an object's folder in the order of a replay, empty for a name
// that is no object's.
func position(name string) string {
	if end := strings.LastIndexByte(name, '/'); end >= 0 {
		return folderOrder(name[:end+1])
	}
	return ""
}

// folderOrder turns raw/kind=<kind>/dt=<day>/ into what sorts by day first.
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
