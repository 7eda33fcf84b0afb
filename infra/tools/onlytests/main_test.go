package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOnlyWhatNoCodeUsesIsListed has a module with two packages, one of helpers for tests, and a test.
func TestOnlyWhatNoCodeUsesIsListed(t *testing.T) {
	folder := module(t, map[string]string{
		"go.mod": "module example\n\ngo 1.26\n",
		"a/a.go": `package a

import "fmt"

const Used, Unused = 1, 2

type Set[T any] struct{}

func (Set[T]) Has()         {}
func (Set[T]) Grown()        {}
func (Set[T]) String() string { return "" } // fmt.Stringer's
func (Set[T]) Is(error) bool  { return false }

type local struct{}

func (local) step() {}

func Walk() { var all []interface{ step() } = []interface{ step() }{local{}}; fmt.Println(all) }

func ForTests()      {}
func ForTestHelpers() {}
`,
		"a/a_test.go":        "package a\n\nfunc use() { ForTests(); _ = Unused; Set[int]{}.Grown() }\n",
		"atest/helpers.go":   "package atest\n\nimport \"example/a\"\n\nfunc Help() { a.ForTestHelpers() }\n",
		"program/program.go": "package main\n\nimport \"example/a\"\n\nfunc main() { _ = a.Used; a.Walk(); a.Set[int]{}.Has() }\n",
	})
	found, err := unused(folder, "./...")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, line := range found {
		names = append(names, line[strings.LastIndex(line, " ")+1:])
	}
	if got, want := strings.Join(names, " "), "Grown ForTests ForTestHelpers Unused"; !same(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}

func TestCodeThatDoesNotCompileIsAnError(t *testing.T) {
	folder := module(t, map[string]string{"go.mod": "module example\n\ngo 1.26\n", "a.go": "package a\n\nvar A = missing\n"})
	if found, err := unused(folder, "./..."); err == nil {
		t.Errorf("listed %q, want an error", found)
	}
}

// module writes a module into a temporary folder.
func module(t *testing.T, files map[string]string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, text := range files {
		at := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// same reports whether two lists have the same words, in any order.
func same(a, b string) bool {
	count := map[string]int{}
	for word := range strings.FieldsSeq(a) {
		count[word]++
	}
	for word := range strings.FieldsSeq(b) {
		count[word]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}
