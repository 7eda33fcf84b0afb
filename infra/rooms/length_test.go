package rooms

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// longest is how many lines a function of the product may have.
const longest = 40

// long are the functions that may have more lines, each with the reason.
var long = map[string]string{
	"pkg/store/storetest/conformance.go testRaces":   "a list of subtests, for tests only",
	"pkg/store/storetest/conformance.go testRefused": "a list of subtests, for tests only",
}

func TestFunctionsAreShort(t *testing.T) {
	found := map[string]bool{}
	for _, folder := range []string{"functions", "pkg", "infra/pbxctl"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			path = filepath.ToSlash(strings.TrimPrefix(path, filepath.FromSlash("../../")))
			for name, lines := range tooLong(t, path, string(source)) {
				if found[name] = true; long[name] == "" {
					t.Errorf("%s has %d lines: split it, so that it has at most %d", name, lines, longest)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range long {
		if !found[name] {
			t.Errorf("%s is short now: remove it from the exceptions", name)
		}
	}
}

// tooLong returns the functions of a file with more than longest lines, by path and name.
func tooLong(t *testing.T, path, source string) map[string]int {
	t.Helper()
	files, found := token.NewFileSet(), map[string]int{}
	file, err := parser.ParseFile(files, path, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, declaration := range file.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if lines := files.Position(f.End()).Line - files.Position(f.Pos()).Line + 1; lines > longest {
			found[path+" "+f.Name.Name] = lines
		}
	}
	return found
}

func TestALongFunctionIsSeen(t *testing.T) {
	function := func(lines int) string {
		return "package p\n\nfunc f() {\n" + strings.Repeat("\tf()\n", lines-2) + "}\n"
	}
	for lines, want := range map[int]string{longest: "map[]", longest + 1: "map[p.go f:41]"} {
		if got := fmt.Sprint(tooLong(t, "p.go", function(lines))); got != want {
			t.Errorf("%d lines: got %s, want %s", lines, got, want)
		}
	}
}
