package sqlite

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// If this process loses its locks, another program that closes the file deletes its log.
func TestTheFileStaysLockedWhenItIsScrubbed(t *testing.T) {
	table := masked(t, func(*Table) {})
	before := locks(t, table.path)
	if err := table.Scrub(t.Context(), hasErased); err != nil {
		t.Fatal(err)
	}
	if after := locks(t, table.path); before == 0 || after != before {
		t.Errorf("%d locks before, %d after", before, after)
	}
}

// locks counts the locks of this process on a file. Linux lists them page by page, and may leave out one
// while other processes lock files. So it counts several times, and returns the most.
func locks(t *testing.T, path string) (most int) {
	t.Helper()
	for range 20 {
		most = max(most, listed(t, path))
	}
	return most
}

func listed(t *testing.T, path string) (n int) {
	t.Helper()
	all, err := os.ReadFile("/proc/locks")
	if err != nil {
		t.Skip(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	own, file := fmt.Sprintf(" %d ", os.Getpid()), fmt.Sprintf(":%d ", info.Sys().(*syscall.Stat_t).Ino)
	for line := range strings.Lines(string(all)) {
		if strings.Contains(line, own) && strings.Contains(line, file) {
			n++
		}
	}
	return n
}
