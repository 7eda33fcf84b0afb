package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

func openNew(tb testing.TB) *Table {
	tb.Helper()
	return openAt(tb, filepath.Join(tb.TempDir(), "records.db"))
}

func openAt(tb testing.TB, path string) *Table {
	tb.Helper()
	table, err := Open(context.Background(), path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { table.Close() })
	return table
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Table { return openNew(t) })
}

func TestConformanceBehindTheFaultDecorator(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Table {
		return storetest.NewFaulty(openNew(t), func(storetest.Call) storetest.Fault { return storetest.None })
	})
}

func item(sk string) store.Item {
	return store.Item{Key: store.Key{PK: "p", SK: sk}, Version: "1", Doc: []byte(`{}`)}
}

func TestWhatWasWrittenIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder", "records %?#.db")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	table := openAt(t, path)
	if err := table.Put(t.Context(), item("k"), store.Condition{}); err != nil {
		t.Fatal(err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openAt(t, path).Get(t.Context(), item("k").Key); err != nil {
		t.Error(err)
	}
}

func TestAnotherProgramReadsWhileThisOneWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	writing := openAt(t, path)
	reading, err := OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	for i := range 20 {
		key := item(fmt.Sprint(i)).Key
		if err := writing.Put(t.Context(), item(key.SK), store.Condition{}); err != nil {
			t.Fatal(err)
		}
		if _, err := reading.Get(t.Context(), key); err != nil {
			t.Errorf("item %d: %v", i, err)
		}
	}
	if err := reading.Put(t.Context(), item("x"), store.Condition{}); err == nil || !strings.Contains(err.Error(), "reading only") {
		t.Errorf("a write: %v", err)
	}
}

func TestAFileThatCannotServeIsOneClearLine(t *testing.T) {
	folder := t.TempDir()
	newer, text := filepath.Join(folder, "newer.db"), filepath.Join(folder, "text.db")
	db, err := sql.Open("sqlite", newer)
	if err == nil {
		_, err = db.Exec("PRAGMA user_version = 2")
	}
	if err = errors.Join(err, db.Close(), os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		newer:                                    "was written by a newer version of Trunkline (schema 2, this version knows 1)",
		text:                                     "not a database",
		filepath.Join(folder, "missing", "x.db"): "unable to open",
	} {
		_, err := Open(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := OpenReadOnly(t.Context(), filepath.Join(folder, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file, to read: %v", err)
	}
}

func TestSweepDropsWhatHasExpired(t *testing.T) {
	table := openNew(t)
	now := time.Unix(1_000_000, 0)
	for i := range 3 {
		soon := item(fmt.Sprint("k", i))
		soon.Expires = now.Add(time.Duration(i-1) * time.Second)
		if err := errors.Join(table.Put(t.Context(), soon, store.Condition{}), table.Put(t.Context(), item(fmt.Sprint("never", i)), store.Condition{})); err != nil {
			t.Fatal(err)
		}
	}
	if dropped, err := table.Sweep(t.Context(), now); dropped != 2 || err != nil {
		t.Errorf("%d dropped, %v", dropped, err)
	}
	left := 0
	for range table.Query(t.Context(), store.Range{PK: "p"}) {
		left++
	}
	if left != 4 {
		t.Errorf("%d left", left)
	}
}

func TestAClosedFileTakesNoWrites(t *testing.T) {
	table := openNew(t)
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	if err := table.Put(t.Context(), item("k"), store.Condition{}); err == nil {
		t.Error("written")
	}
}

func BenchmarkPut(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers, " writers"), func(b *testing.B) {
			table := openNew(b)
			next := make(chan int)
			var all sync.WaitGroup
			for range writers {
				all.Go(func() {
					for i := range next {
						if err := table.Put(context.Background(), item(fmt.Sprint(i)), store.Older()); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := range b.N {
				next <- i
			}
			close(next)
			all.Wait()
		})
	}
}
