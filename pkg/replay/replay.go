package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Selection is a part of the archive.
type Selection struct {
	First, Last pbx.Day // UTC days of receipt, both included
	MAC         pbx.MAC // empty: all PBXs
	After       string  // the name of the last object that is done already; empty: none
}

// Report is how far a replay has come.
type Report struct {
	Done   int    // objects
	Events int    // in them
	Held   int    // events that can't be recorded
	Last   string // the name of the last object; all before it are done, too
	Why    error  // why the first of those held is
}

// atOnce is how many objects are replayed side by side.
const atOnce = 64

// Run replays a part of the archive, in the order of days, kinds and names. It calls
// progress after every few objects. Its error says where it stopped: what is done may be
// done again.
func Run(ctx context.Context, b archive.Bucket, s *store.Store, sel Selection, progress func(Report)) (Report, error) {
	var report Report
	recorder := NewRecorder(s)
	batch := make([]string, 0, atOnce)
	for name, err := range names(ctx, b, sel) {
		if err != nil {
			return report, err
		}
		if batch = append(batch, name); len(batch) == atOnce {
			if err := replay(ctx, b, recorder, batch, &report); err != nil {
				return report, err
			}
			progress(report)
			batch = batch[:0]
		}
	}
	err := replay(ctx, b, recorder, batch, &report)
	progress(report)
	return report, err
}

// replay replays a few objects side by side; packed ones, which are large, one by one.
func replay(ctx context.Context, b archive.Bucket, r *Recorder, names []string, report *Report) error {
	found := make([]outcome, len(names))
	var workers sync.WaitGroup
	for i, name := range names {
		if !archive.IsPacked(name) {
			workers.Go(func() { found[i] = r.object(ctx, b, name) })
		}
	}
	workers.Wait()
	for i, name := range names {
		if archive.IsPacked(name) {
			found[i] = r.object(ctx, b, name)
		}
		if err := found[i].err; err != nil {
			return fmt.Errorf("replay %s: %w", name, err)
		}
		report.Done++
		report.Events += found[i].events
		report.Held += found[i].held
		report.Last = name
		if report.Why == nil {
			report.Why = found[i].why
		}
	}
	return nil
}

// outcome is what became of an object.
type outcome struct {
	events, held int
	why          error // of the first that is held
	err          error // it is not through
}

// object records the events of an object, side by side. One that was erased since its name
// was listed has none.
func (r *Recorder) object(ctx context.Context, b archive.Bucket, name string) (o outcome) {
	text, err := archive.ReadLines(ctx, b, name)
	if errors.Is(err, fs.ErrNotExist) {
		return outcome{}
	}
	if err != nil {
		return outcome{err: err}
	}
	lines := slices.Collect(bytes.Lines(text))
	if len(lines) == 0 && !archive.IsPacked(name) {
		lines = [][]byte{nil} // no envelope
	}
	for some := range slices.Chunk(lines, atOnce) {
		for _, err := range r.lines(ctx, some) {
			switch {
			case errors.Is(err, ErrHeld):
				if o.held++; o.why == nil {
					o.why = err
				}
			case err != nil:
				o.err = err
				return o
			}
			o.events++
		}
	}
	return o
}

// lines records envelopes side by side.
func (r *Recorder) lines(ctx context.Context, lines [][]byte) []error {
	errs := make([]error, len(lines))
	var workers sync.WaitGroup
	for i, line := range lines {
		workers.Go(func() { errs[i] = r.line(ctx, line) })
	}
	workers.Wait()
	return errs
}

func (r *Recorder) line(ctx context.Context, line []byte) error {
	receipt, err := archive.ParseReceipt(line)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHeld, err)
	}
	_, err = r.Record(ctx, receipt)
	return err
}

// names yields the names of a part of the archive.
func names(ctx context.Context, b archive.Bucket, sel Selection) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
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
				for name, err := range b.List(ctx, folder+string(sel.MAC), after) {
					if !yield(name, err) || err != nil {
						return
					}
				}
			}
		}
	}
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
