package extsort_test

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"trunkline/pkg/extsort"
)

// numbers are values of 8 bytes each.
var numbers = extsort.Codec[int64]{
	Compare: cmp.Compare[int64],
	Size:    func(int64) int { return 8 },
	Append:  func(b []byte, n int64) []byte { return binary.AppendVarint(b, n) },
	Decode: func(b []byte) (int64, error) {
		n, size := binary.Varint(b)
		if size != len(b) {
			return 0, errors.New("damaged")
		}
		return n, nil
	},
}

func collect[T any](t *testing.T, all iter.Seq2[T, error]) (values []T) {
	t.Helper()
	for v, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

func TestValuesComeInOrderHoweverManyFitInMemory(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 100, 1000} {
		for _, room := range []int{0, 8, 80, 1 << 20} {
			rng := rand.New(rand.NewPCG(uint64(n), uint64(room)))
			file := extsort.NewFile(t.TempDir())
			a, b := extsort.New(numbers, file, room), extsort.New(numbers, file, room)
			var want []int64
			for range 2 { // more may be added after they were read
				for range n {
					v := rng.Int64N(50) - 25
					a.Add(v)
					b.Add(-v)
					want = append(want, v)
				}
				slices.Sort(want)
				for range 2 { // they may be read again
					if got := collect(t, a.All()); !slices.Equal(got, want) {
						t.Fatalf("%d with room for %d bytes: got %v, want %v", n, room, got, want)
					}
				}
			}
			if got := collect(t, b.All()); len(got) != len(want) || !slices.IsSorted(got) {
				t.Errorf("the other one has %v", got)
			}
			if err := file.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestWhoeverStopsReadingIsLeftAlone(t *testing.T) {
	for _, room := range []int{8, 1 << 20} {
		s := extsort.New(numbers, extsort.NewFile(t.TempDir()), room)
		for i := range int64(10) {
			s.Add(i)
		}
		for v, err := range s.All() {
			if v != 0 || err != nil {
				t.Error(v, err)
			}
			break
		}
	}
}

func TestATemporaryFileHasNoName(t *testing.T) {
	folder := t.TempDir()
	file := extsort.NewFile(folder)
	s := extsort.New(numbers, file, 8)
	s.Add(1)
	if file.Used() {
		t.Error("it is made before it is needed")
	}
	s.Add(2)
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 || !file.Used() {
		t.Errorf("found %v, %v", left, err)
	}
	if err := errors.Join(file.Close(), file.Close()); err != nil {
		t.Error(err)
	}
}

func TestWhatCantBeWrittenIsReported(t *testing.T) {
	s := extsort.New(numbers, extsort.NewFile(filepath.Join(t.TempDir(), "missing")), 0)
	s.Add(1)
	s.Add(2)
	for _, err := range s.All() {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
}

func TestWhatCantBeReadIsReported(t *testing.T) {
	for name, kind := range map[string]func() extsort.Codec[int64]{
		"a damaged value": func() extsort.Codec[int64] {
			k := numbers
			k.Append = func(b []byte, n int64) []byte { return append(b, 0xff) }
			return k
		},
	} {
		s := extsort.New(kind(), extsort.NewFile(t.TempDir()), 0)
		s.Add(1)
		failed := false
		for _, err := range s.All() {
			failed = err != nil
		}
		if !failed {
			t.Errorf("%s is read", name)
		}
	}
	file := extsort.NewFile(t.TempDir())
	s := extsort.New(numbers, file, 0)
	s.Add(1)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range s.All() {
		if err == nil {
			t.Error("a closed file is read")
		}
	}
}

func TestGroupsAreCutAtTheirRoom(t *testing.T) {
	s := extsort.New(numbers, extsort.NewFile(t.TempDir()), 1<<20)
	for _, v := range []int64{3, 1, 3, 3, 2, 3, 3} {
		s.Add(v)
	}
	same := func(a, b int64) bool { return a == b }
	got := collect(t, extsort.Group(s.All(), same, numbers.Size, 16))
	if want := [][]int64{{1}, {2}, {3, 3, 3}}; !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
}
