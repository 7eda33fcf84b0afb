package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

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
	r := &run{recorder: NewRecorder(s, now), progress: progress, large: semaphore.NewWeighted(1), ended: map[string]bool{}}
	r.recorder.atOnce = cmp.Or(sel.AtOnce, atOnce)
	loop := archive.Loop{AtOnce: r.recorder.atOnce, Listed: r.begin, Skipped: r.skip}
	err := sel.part().Read(ctx, b, loop, func(ctx context.Context, name string, lines iter.Seq2[archive.Line, error]) error {
		err := r.object(ctx, name, lines)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && s.Ping(ctx) != nil {
			return each.Stop(fmt.Errorf("replay %s: %w", name, err))
		}
		return err
	})
	if err == nil {
		r.report.Last = r.last
	}
	progress(r.report)
	return r.report, err
}

func (s Selection) part() archive.Part {
	return archive.Part{First: s.First, Last: s.Last, MAC: s.MAC, After: s.After}
}

// run is a replay that is running.
type run struct {
	recorder *Recorder
	progress func(Report)
	large    *semaphore.Weighted // large objects are replayed one by one

	mu     sync.Mutex
	report Report
	begun  []string // after report.Last, in their order
	ended  map[string]bool
	last   string // of all that were listed
	stuck  bool   // something was skipped: report.Last stays
}

// begin notes that an object is next.
func (r *run) begin(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last = name; !r.stuck {
		r.begun = append(r.begun, name)
	}
}

// skip notes that an object was skipped. A repeated replay begins before it.
func (r *run) skip(bad *each.Bad) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holdAt(bad.Name)
}

// holdAt notes that a repeated replay begins before an object.
func (r *run) holdAt(name string) {
	r.stuck = true
	if at := slices.Index(r.begun, name); at >= 0 {
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

// object replays an object. If it no longer exists, its events are in another object, which follows.
// Until that is done, a repeated replay begins before the old one.
func (r *run) object(ctx context.Context, name string, lines iter.Seq2[archive.Line, error]) error {
	form, _ := archive.FormOf(name)
	if form == archive.Packed || form == archive.Shared {
		if err := r.large.Acquire(ctx, 1); err != nil {
			return err
		}
		defer r.large.Release(1)
	}
	o, err := r.recorder.object(ctx, name, lines)
	if errors.Is(err, fs.ErrNotExist) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.holdAt(name)
	}
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

// object records the events of an object concurrently. A single object without a line is an event
// that is held.
func (r *Recorder) object(ctx context.Context, name string, lines iter.Seq2[archive.Line, error]) (o outcome, err error) {
	var mu sync.Mutex
	first := 0 // the first line that is held
	loop := each.Loop[archive.Line]{Of: "archived lines", Name: archive.Line.String, AtOnce: r.atOnce}
	record := func(ctx context.Context, line archive.Line) error {
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
	}
	err = loop.Do(ctx, lines, record)
	if form, _ := archive.FormOf(name); err == nil && o.events == 0 && form == archive.Single {
		err = record(ctx, archive.Line{Of: name, N: 1})
	}
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
