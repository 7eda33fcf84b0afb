package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trunkline/pkg/store"
)

const erased = "4915112345678"

func hasErased(text []byte) bool { return bytes.Contains(text, []byte(erased)) }

// masked returns a file of many items whose number was masked. It is written with some settings.
func masked(t *testing.T, prepare func(*Table)) *Table {
	t.Helper()
	table, err := Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	prepare(table)
	put := func(i int, number string) {
		doc := fmt.Sprintf(`{"caller":"%s","note":"%s"}`, number, strings.Repeat("x", i%700))
		item := store.Item{Key: store.Key{PK: "68692e0b0001", SK: fmt.Sprintf("CALL#%04d", i)}, Version: fmt.Sprint(len(number), i), Doc: []byte(doc)}
		if err := table.Put(t.Context(), item, store.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 500 {
		put((i*37)%500, erased)
	}
	for i := range 500 {
		put(i, "0000000")
	}
	return table
}

func TestNothingOfWhatWasReplacedIsInTheFile(t *testing.T) {
	for name, prepare := range map[string]func(*Table){
		"a file whose deletions are overwritten": func(*Table) {},
		"a file of before": func(table *Table) {
			if _, err := table.writer.db.Exec("PRAGMA secure_delete = 0"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			table := masked(t, prepare)
			if err := table.Scrub(t.Context(), hasErased); err != nil {
				t.Fatal(err)
			}
			for _, file := range []string{table.path, table.path + "-wal"} {
				content, err := os.ReadFile(file)
				if err != nil || hasErased(content) {
					t.Errorf("%s: %v, or the number is in it", file, err)
				}
			}
		})
	}
}

func TestAFileWithoutTheTextIsNotWrittenAgain(t *testing.T) {
	table := masked(t, func(*Table) {})
	pages := func() (n int) {
		if err := table.readers.db.QueryRow("PRAGMA freelist_count").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if _, err := table.writer.db.Exec("DELETE FROM items WHERE CAST(sk AS TEXT) < 'CALL#0400'"); err != nil {
		t.Fatal(err)
	}
	before := pages()
	if err := table.Scrub(t.Context(), func([]byte) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if after := pages(); before == 0 || after != before {
		t.Errorf("%d free pages before, %d after", before, after)
	}
}

func TestATextIsFoundWhereTwoPiecesOfAFileMeet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, at := range []int{0, chunkBytes - 5, chunkBytes - overlapBytes - 5, 3*chunkBytes - 3} {
		content := append(bytes.Repeat([]byte{'x'}, at), erased...)
		if err := os.WriteFile(path, append(content, "rest"...), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if found, err := fileHas(t.Context(), f, hasErased); err != nil || !found {
			t.Errorf("at %d: %v, %v", at, found, err)
		}
	}
}

// Rewriting a file of some gigabytes takes minutes, and a PBX gives up after seconds.
func TestWritesDoNotWaitForUpkeepThatTakesLong(t *testing.T) {
	table, err := Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	put := func(sk string) error {
		item := store.Item{Key: store.Key{PK: "68692e0b0001", SK: sk}, Version: "1", Doc: []byte("{}")}
		return table.Put(t.Context(), item, store.Condition{})
	}
	begun, finish, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- table.writer.alone(t.Context(), func() error { close(begun); <-finish; return nil })
	}()
	<-begun
	for _, sk := range []string{"CALL#1", "CALL#2"} {
		if err := put(sk); !errors.Is(err, errUpkeep) {
			t.Errorf("a write during upkeep: %v", err)
		}
	}
	close(finish)
	if err := errors.Join(<-ended, put("CALL#3")); err != nil {
		t.Error(err)
	}
	brief := make(chan error, 1)
	if err := table.writer.alone(t.Context(), func() error { go func() { brief <- put("CALL#4") }(); return nil }); err != nil {
		t.Error(err)
	}
	if err := <-brief; err != nil {
		t.Errorf("a write during upkeep that is brief: %v", err)
	}
}
