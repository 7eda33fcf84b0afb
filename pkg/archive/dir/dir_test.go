package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
)

func openNew(tb testing.TB, path string) *Bucket {
	tb.Helper()
	b, err := Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.Close() })
	return b
}

func TestConformance(t *testing.T) {
	archivetest.Run(t, func(t *testing.T) archive.Bucket { return openNew(t, t.TempDir()) })
}

func TestWhatACrashLeftAsideIsRemovedAndNeverListed(t *testing.T) {
	path := t.TempDir()
	openNew(t, path)
	left := filepath.Join(path, aside, "left")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	reading, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	for name, err := range reading.List(t.Context(), "", "") {
		t.Errorf("listed: %s, %v", name, err)
	}
	if _, err := os.Stat(left); err != nil {
		t.Errorf("a reader has removed what may be being written: %v", err)
	}
	openNew(t, path)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the next opening: %v", err)
	}
}

func TestNothingLeadsOutOfTheFolder(t *testing.T) {
	path, outside := t.TempDir(), t.TempDir()
	b := openNew(t, path)
	if err := os.Symlink(outside, filepath.Join(path, "link")); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), "link/x", nil); err == nil {
		t.Error("written through a link")
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 0 {
		t.Errorf("outside are %v", entries)
	}
}

func TestAFolderThatSomebodyRemovedIsMadeAgain(t *testing.T) {
	path := t.TempDir()
	b := openNew(t, path)
	if err := b.Put(t.Context(), "a/b/c", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(path, "a")); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), "a/b/c", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the first object after that: %v", err)
	}
	if err := b.Put(t.Context(), "a/b/c", nil); err != nil {
		t.Error(err)
	}
}

func TestANameThatAFileCannotHaveIsNoObjects(t *testing.T) {
	b := openNew(t, t.TempDir())
	long := "a/" + strings.Repeat("b", 256)
	if _, err := b.Get(t.Context(), long); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get: %v", err)
	}
	if err := b.Delete(t.Context(), long); err != nil {
		t.Errorf("delete: %v", err)
	}
	if err := b.Put(t.Context(), long, nil); err == nil {
		t.Error("put: acknowledged")
	}
	checkNothingAside(t, b)
}

func TestAReplacementThatIsRefusedLeavesNothingAside(t *testing.T) {
	b := openNew(t, t.TempDir())
	if err := b.Replace(t.Context(), "a/b", nil, "read long ago"); !errors.Is(err, archive.ErrChanged) {
		t.Error(err)
	}
	checkNothingAside(t, b)
}

func TestNoReplacementUndoesADeletionThatItHasNotSeen(t *testing.T) {
	b := openNew(t, t.TempDir())
	if err := b.Put(t.Context(), "a", nil); err != nil {
		t.Fatal(err)
	}
	deleted := make(chan error, 1)
	err := b.put(t.Context(), "a", []byte("replaced"), func() error {
		go func() { deleted <- b.Delete(context.Background(), "a") }()
		time.Sleep(20 * time.Millisecond) // a deletion that did not wait would be over
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	if body, err := b.Get(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after its deletion there is %q, %v", body, err)
	}
}

func checkNothingAside(t *testing.T, b *Bucket) {
	t.Helper()
	if left, err := fs.ReadDir(b.root.FS(), aside); len(left) != 0 || err != nil {
		t.Errorf("a write that failed leaves aside %v, %v", left, err)
	}
}

func TestAFolderThatIsMissingCannotBeRead(t *testing.T) {
	if _, err := OpenReadOnly(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func BenchmarkPut(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers, " writers"), func(b *testing.B) {
			bucket := openNew(b, b.TempDir())
			body := make([]byte, 2000)
			next := make(chan int)
			var all sync.WaitGroup
			for range writers {
				all.Go(func() {
					for i := range next {
						if err := bucket.Put(context.Background(), fmt.Sprint("raw/", i), body); err != nil {
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

func TestAnObjectThatIsChangedHoldsUpNoOther(t *testing.T) {
	b := openNew(t, t.TempDir())
	unlock := b.lock("curated/changed")
	for i := range 500 {
		if err := b.Put(t.Context(), fmt.Sprint("raw/", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	unlock()
	if len(b.locks) > 0 {
		t.Errorf("%d locks are left", len(b.locks))
	}
}
