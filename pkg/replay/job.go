package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/store"
)

// Files has the files of checkpoints.
type Files interface {
	// Read returns the content of a file. If it is missing, the error is an fs.ErrNotExist.
	Read(name string) ([]byte, error)
	// Replace writes a file as a whole: a reader never sees a part of the content.
	Replace(name string, content []byte) error
	Remove(name string) error
}

// Job is a replay that continues where it was stopped.
type Job struct {
	Selection
	Of   string // the archive's folder or bucket
	Into string // the folder or table that is written
	// Checkpoint names the file that keeps how far the job is, until it is done; empty: none. A
	// dry run reads it, and does not change it.
	Checkpoint string
	Files      Files
	PerSecond  float64 // at most so many items are written per second; 0: no limit
	DryRun     bool
	// Progress is called with the number of objects that are done, and with that of all objects;
	// nil: they are not counted.
	Progress func(done, total int)
}

// Begin returns the checkpoint where the job was stopped, or its first one.
func (j *Job) Begin() (Checkpoint, error) {
	asked := Checkpoint{From: j.First, To: j.Last, MAC: j.MAC, Of: j.Of, Into: j.Into}
	if j.Checkpoint == "" {
		return asked, nil
	}
	text, err := j.Files.Read(j.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return asked, nil
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return asked.Resume(j.Checkpoint, text)
}

// Run replays from a checkpoint of Begin into a table, whose records open opens. A job that is
// stopped has no Summary, and the error says how to continue it. If only objects were skipped, the
// error names them, and the job with the same checkpoint begins before the first of them.
func (j *Job) Run(
	ctx context.Context, b archive.Bucket, t store.Table, open func(store.Table) (*store.Store, error), now func() time.Time, begun Checkpoint,
) (*Summary, error) {
	var dry *DryRun
	if j.DryRun {
		dry = NewDryRun(t)
		t = dry
	}
	records, err := open(Paced(t, j.PerSecond))
	if err != nil {
		return nil, err
	}
	saveErr := j.save(begun)
	if saveErr != nil {
		return nil, saveErr // before the work
	}
	sel := j.Selection
	sel.After = begun.Last
	progress := j.progress(ctx, b, sel)
	report, err := Run(ctx, b, records, now, sel, func(r Report) {
		progress(r.Done)
		saveErr = j.save(begun.At(r.Last))
	})
	if err != nil && !each.Only(err) {
		return nil, errors.Join(j.stopped(ctx, report, err), j.save(begun.At(report.Last)))
	}
	summary := report.Summary(dry)
	if err != nil {
		return &summary, errors.Join(err, j.save(begun.At(report.Last)))
	}
	return &summary, errors.Join(saveErr, j.remove())
}

// progress returns a function that reports how many objects this run has done.
func (j *Job) progress(ctx context.Context, b archive.Bucket, sel Selection) func(done int) {
	if j.Progress == nil {
		return func(int) {}
	}
	before, total := countObjects(ctx, b, sel)
	return func(done int) { j.Progress(before+done, total) }
}

// stopped says how far a replay came, and how to continue it.
func (j *Job) stopped(ctx context.Context, r Report, err error) error {
	again := "begins again: see --checkpoint"
	if j.Checkpoint != "" {
		again = "continues there"
	}
	if ctx.Err() != nil {
		return fmt.Errorf("stopped after %d objects; the same command %s", r.Done, again)
	}
	return fmt.Errorf("stopped after %d objects; the same command %s: %w", r.Done, again, err)
}

func (j *Job) keeps() bool { return j.Checkpoint != "" && !j.DryRun }

func (j *Job) save(c Checkpoint) error {
	if !j.keeps() {
		return nil
	}
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write the checkpoint: %w", err)
	}
	if err := j.Files.Replace(j.Checkpoint, append(text, '\n')); err != nil {
		return fmt.Errorf("write the checkpoint: %w", err)
	}
	return nil
}

// remove removes the checkpoint of a job that is done.
func (j *Job) remove() error {
	if !j.keeps() {
		return nil
	}
	return j.Files.Remove(j.Checkpoint)
}
