package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trunkline/pkg/store"
)

// crashed copies the files of an open Table as they are on disk, as a killed program leaves them.
func crashed(t *testing.T, path string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "records.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if err == nil {
			err = os.WriteFile(copied+suffix, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

func TestAnAcknowledgedWriteSurvivesACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	table := openAt(t, path)
	if err := table.Put(t.Context(), item("k"), store.Condition{}); err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func(context.Context, string) (*Table, error){
		"to write": Open, "to read": OpenReadOnly,
	} {
		after, err := open(t.Context(), crashed(t, path))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := after.Get(t.Context(), item("k").Key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := after.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACommitIsSynced(t *testing.T) {
	table := openNew(t)
	var journal string
	var synchronous int
	err := table.writer.db.QueryRow("SELECT * FROM pragma_journal_mode, pragma_synchronous").Scan(&journal, &synchronous)
	if err != nil || journal != "wal" || synchronous != 2 {
		t.Errorf("journal %s, synchronous %d, %v, want wal and 2 (FULL)", journal, synchronous, err)
	}
}

func TestReadingWhileNobodyWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	table := openAt(t, path)
	if err := errors.Join(table.Put(t.Context(), item("k"), store.Condition{}), table.Close()); err != nil {
		t.Fatal(err)
	}
	reading, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	if _, err := reading.Get(t.Context(), item("k").Key); err != nil {
		t.Error(err)
	}
	openAt(t, path) // readers do not hinder it
	for name, write := range map[string]func() error{
		"delete": func() error { return reading.Delete(t.Context(), item("k").Key, store.Condition{}) },
		"sweep":  func() error { _, err := reading.Sweep(t.Context(), time.Now()); return err },
	} {
		if err := write(); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestReadingMakesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	if _, err := OpenReadOnly(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file now: %v", err)
	}
}

func TestAFolderIsNoFile(t *testing.T) {
	folder := t.TempDir()
	_, err := Open(t.Context(), folder)
	if err == nil || !strings.Contains(err.Error(), "is a directory") || strings.Contains(err.Error(), "\n") {
		t.Error(err)
	}
}

func TestASweepDropsMoreThanOneStepOfItems(t *testing.T) {
	table := openNew(t)
	now := time.Unix(1_000_000, 0)
	var writers sync.WaitGroup
	for i := range sweepStep + 1 {
		writers.Go(func() {
			old := item(fmt.Sprint(i))
			old.Expires = now
			if err := table.Put(context.Background(), old, store.Condition{}); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	for _, want := range []int{sweepStep + 1, 0} {
		if dropped, err := table.Sweep(t.Context(), now); dropped != want || err != nil {
			t.Errorf("%d dropped, %v, want %d", dropped, err, want)
		}
	}
}

// A write during Close is written and acknowledged, or refused. No caller waits forever.
func TestCloseAnswersEveryWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	table := openAt(t, path)
	var acknowledged atomic.Int64
	var writers sync.WaitGroup
	for w := range 32 {
		writers.Go(func() {
			for i := 0; ; i++ {
				if table.Put(context.Background(), item(fmt.Sprint(w, " ", i)), store.Condition{}) != nil {
					return
				}
				acknowledged.Add(1)
			}
		})
	}
	for acknowledged.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	if err := errors.Join(table.Close(), table.Close()); err != nil {
		t.Error(err)
	}
	writers.Wait()
	kept := int64(0)
	for _, err := range openAt(t, path).Query(t.Context(), store.Range{PK: "p"}) {
		if err != nil {
			t.Fatal(err)
		}
		kept++
	}
	if kept != acknowledged.Load() {
		t.Errorf("%d acknowledged, %d kept", acknowledged.Load(), kept)
	}
}

func TestACancelledWriterDoesNotWaitForTheOthers(t *testing.T) {
	table := openNew(t)
	tx, err := table.writer.db.Begin() // holds the only connection that writes
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for range 2 { // one is taken by the writer, one waits for it
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := table.Put(ctx, item("k"), store.Condition{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
	}
}

func TestCloseWaitsForTheWriteUnderWay(t *testing.T) {
	table := openNew(t)
	tx, err := table.writer.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	closed := make(chan error, 1)
	// The only connection is in use, so the writer has this write and can't start it.
	one := &write{t.Context(), "DELETE FROM items", nil, make(chan outcome, 1)}
	table.writer.queue <- one
	go func() { closed <- table.Close() }()
	select {
	case err := <-closed:
		t.Fatalf("closed before the write was answered: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if answer := <-one.answer; answer.err != nil {
		t.Errorf("the write: %v", answer.err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}

// SQLite ends a transaction itself if the disk becomes full during it.
func TestAFullDiskFailsTheBatchAndSaysSo(t *testing.T) {
	table := openNew(t)
	fill := func(pages int) {
		if _, err := table.writer.db.Exec(fmt.Sprint("PRAGMA max_page_count = ", pages)); err != nil {
			t.Fatal(err)
		}
	}
	var batch []*write
	for sk, size := range []int{10, 100_000, 10} {
		const statement = "INSERT INTO items (pk, sk, version, expires, doc) VALUES (x'70', ?, x'31', 0, zeroblob(?))"
		batch = append(batch, &write{t.Context(), statement, []any{sk, size}, make(chan outcome, 1)})
	}
	fill(10)
	table.writer.commit(batch)
	for i, one := range batch {
		if answer := <-one.answer; answer.err == nil || !strings.Contains(answer.err.Error(), "full") {
			t.Errorf("write %d: %v", i, answer.err)
		}
	}
	for item, err := range table.Query(t.Context(), store.Range{PK: "p"}) {
		t.Errorf("written: %q, %v", item.SK, err)
	}
	fill(1000)
	if err := table.Put(t.Context(), item("k"), store.Condition{}); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
