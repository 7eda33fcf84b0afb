package replay_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// disk is a disk with files.
type disk map[string]string

func (d disk) Read(name string) ([]byte, error) {
	text, there := d[name]
	if !there {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

func (d disk) Replace(name string, content []byte) error {
	if strings.HasPrefix(name, "full/") {
		return errors.New("no space left")
	}
	d[name] = string(content)
	return nil
}

func (d disk) Remove(name string) error {
	delete(d, name)
	return nil
}

// doJob runs a job from its checkpoint on.
func doJob(ctx context.Context, j replay.Job, bucket archive.Bucket, table store.Table) (*replay.Summary, error) {
	begun, err := j.Begin()
	if err != nil {
		return nil, err
	}
	open := func(t store.Table) (*store.Store, error) { return store.New(t, before), nil }
	return j.Run(ctx, bucket, table, open, before, begun)
}

func TestAJobThatIsStoppedContinuesAtItsCheckpoint(t *testing.T) {
	original, bucket := week(t)
	table, files := storetest.NewMemory(), disk{}
	ctx, cancel := context.WithCancel(t.Context())
	total := 0
	job := replay.Job{Selection: all, Of: "a", Into: "b", Checkpoint: "checkpoint", Files: files}
	job.AtOnce = 4
	stopped := job
	stopped.Progress = func(_, of int) {
		if total = of; strings.Contains(files["checkpoint"], `"last"`) {
			cancel()
		}
	}
	if summary, err := doJob(ctx, stopped, bucket, table); summary != nil || err == nil || !strings.Contains(err.Error(), "the same command continues there") {
		t.Fatalf("%+v, %v", summary, err)
	}
	was := files["checkpoint"]
	other := job
	other.MAC = pbx.MAC("68692e0b0002")
	if _, err := doJob(t.Context(), other, bucket, table); err == nil || !strings.Contains(err.Error(), "checkpoint is of another replay (2026-11-01 to 2026-12-24, of a into b)") {
		t.Errorf("the checkpoint of another replay: %v", err)
	}
	dry := job
	dry.DryRun = true
	left, err := doJob(t.Context(), dry, bucket, table)
	if err != nil || !left.DryRun || files["checkpoint"] != was {
		t.Errorf("a dry run: %+v, %v; the checkpoint is %s", left, err, files["checkpoint"])
	}
	first := -1
	job.Progress = func(done, _ int) {
		if first < 0 {
			first = done
		}
	}
	rest, err := doJob(t.Context(), job, bucket, table)
	if err != nil || rest.Objects != left.Objects || rest.Objects == 0 || rest.Objects >= total || first <= total-rest.Objects {
		t.Errorf("%+v of %d objects, of which the progress first says %d; %v", rest, total, first, err)
	}
	if records(table) != records(original) || len(files) != 0 {
		t.Errorf("the records are not those of the original, or a file is left: %v", files)
	}
}

func TestASkippedObjectKeepsTheCheckpointOfItsJob(t *testing.T) {
	_, bucket := week(t)
	name := ""
	for found, err := range bucket.List(t.Context(), "raw/kind=cc_cdr/", "") {
		if name = found; err != nil {
			t.Fatal(err)
		}
	}
	failing := archivetest.NewFaulty(bucket, func(c archivetest.Call) archivetest.Fault {
		if c.Method == "Open" && c.Name == name {
			return archivetest.Fails
		}
		return archivetest.None
	})
	files := disk{}
	job := replay.Job{Selection: all, Checkpoint: "checkpoint", Files: files}
	summary, err := doJob(t.Context(), job, failing, storetest.NewMemory())
	if summary == nil || err == nil || !strings.Contains(err.Error(), name) || files["checkpoint"] == "" {
		t.Errorf("%+v, %v; %v", summary, err, files)
	}
}

func TestAJobWhoseCheckpointCannotBeWrittenDoesNothing(t *testing.T) {
	_, bucket := week(t)
	table := storetest.NewMemory()
	job := replay.Job{Selection: all, Checkpoint: "full/checkpoint", Files: disk{}}
	if _, err := doJob(t.Context(), job, bucket, table); err == nil || err.Error() != "write the checkpoint: no space left" || len(table.Items()) != 0 {
		t.Errorf("%v, and %d items", err, len(table.Items()))
	}
	job.Checkpoint, job.Files = "notes", disk{"notes": "buy milk"}
	if _, err := doJob(t.Context(), job, bucket, table); err == nil || !strings.Contains(err.Error(), "notes is not a checkpoint of a replay") {
		t.Error(err)
	}
}
