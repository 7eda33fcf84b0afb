package rooms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// load reads this repository, without its tests: tests may import anything.
func load(t *testing.T) repository {
	t.Helper()
	packages := map[string]goPackage{}
	list := json.NewDecoder(bytes.NewReader(run(t, "go", "list", "-deps", "-json=ImportPath,Name,Dir,Imports,GoFiles", "./...")))
	for {
		var p struct {
			ImportPath, Name, Dir string
			Imports, GoFiles      []string
		}
		if err := list.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("decode go list: %v", err)
		}
		loaded := goPackage{name: p.Name, imports: p.Imports}
		if within(p.ImportPath, "./...") {
			if _, err := os.ReadDir(p.Dir); err != nil { // a new file makes a cached result invalid
				t.Fatal(err)
			}
			for _, name := range p.GoFiles {
				source, err := os.ReadFile(filepath.Join(p.Dir, name))
				if err != nil {
					t.Fatal(err)
				}
				clock, inits := habits(t, strings.TrimPrefix(p.ImportPath, module+"/")+"/"+name, string(source))
				loaded.clock = append(loaded.clock, clock...)
				loaded.inits = append(loaded.inits, inits...)
				loaded.chains = append(loaded.chains, chains(t, strings.TrimPrefix(p.ImportPath, module+"/")+"/"+name, string(source))...)
			}
		}
		packages[p.ImportPath] = loaded
	}
	return repository{top: top(t), packages: packages}
}

func top(t *testing.T) []string {
	t.Helper()
	_, noClone := os.Stat(filepath.Join(root, ".git"))
	if _, noGit := exec.LookPath("git"); noClone != nil || noGit != nil {
		t.Log("no clone, or no git, so what stands at the top is not checked")
		return nil
	}
	var names []string
	for file := range strings.Lines(string(run(t, "git", "ls-files"))) {
		name, _, _ := strings.Cut(strings.TrimSpace(file), "/")
		names = append(names, name)
	}
	return slices.Compact(names)
}

func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, args[0], err)
	}
	return out
}

// habits finds where a source file reads the clock, and where it has a func init.
func habits(t *testing.T, name, source string) (clock, inits []string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	at := func(n ast.Node) string { return fmt.Sprintf("%s:%d", name, files.Position(n.Pos()).Line) }
	timeName := importedAs(file, "time")
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if ok && pkg.Name == timeName && slices.Contains([]string{"Now", "Since", "Until"}, n.Sel.Name) {
				clock = append(clock, at(n))
			}
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				inits = append(inits, at(n))
			}
		}
		return true
	})
	return clock, inits
}

// importedAs returns the name that a file gives to an imported package, or "".
func importedAs(file *ast.File, path string) string {
	for _, spec := range file.Imports {
		if imported, _ := strconv.Unquote(spec.Path.Value); imported == path {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return path
		}
	}
	return ""
}
