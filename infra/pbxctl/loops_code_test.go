package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goes is what the code of the product goes through things with.
type goes struct {
	set     *token.FileSet
	imports types.Importer    // one for all packages: each is read once
	loops   map[string]string // each.Loops: what they are of, and the function
	ranges  map[string]bool   // functions that range over a sequence of things that may be bad
}

// newGoes makes one of no code. exported are the files of what packages export, by import path.
func newGoes(exported map[string]string) goes {
	set := token.NewFileSet()
	open := func(path string) (io.ReadCloser, error) { return os.Open(exported[path]) }
	return goes{set, importer.ForCompiler(set, "gc", open), map[string]string{}, map[string]bool{}}
}

// listed is a package, as go list describes it.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Module                  *struct{ Main bool }
}

// code looks through all packages of the product.
func code(t *testing.T) goes {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Module",
		"./pkg/...", "./functions/...", "./infra/pbxctl")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	exported := map[string]string{}
	found := newGoes(exported)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		exported[p.ImportPath] = p.Export // what a package imports comes before it
		if p.Module == nil || !p.Module.Main || strings.HasSuffix(p.ImportPath, "test") {
			continue
		}
		var files []string
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, string(text))
		}
		found.add(t, p.ImportPath, files...)
	}
}

// exports are the files of what package each, and all that it imports, exports.
func exports(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "trunkline/pkg/each").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return files
}

// add looks through the files of a package.
func (g goes) add(t *testing.T, path string, files ...string) {
	t.Helper()
	var parsed []*ast.File
	for i, text := range files {
		f, err := parser.ParseFile(g.set, fmt.Sprint(path, " ", i), text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Importer: g.imports}
	if _, err := config.Check(path, g.set, parsed, info); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	short := strings.TrimPrefix(path, "trunkline/")
	for _, f := range parsed {
		for _, d := range f.Decls {
			name := short
			if function, ok := d.(*ast.FuncDecl); ok {
				name += " " + receiver(function) + function.Name.Name
			}
			ast.Inspect(d, func(n ast.Node) bool {
				g.look(t, name, info, n)
				return true
			})
		}
	}
}

// receiver is the type of a method, and a dot.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if star, ok := of.(*ast.StarExpr); ok {
		of = star.X
	}
	switch generic := of.(type) {
	case *ast.IndexExpr:
		of = generic.X
	case *ast.IndexListExpr:
		of = generic.X
	}
	return of.(*ast.Ident).Name + "."
}

func (g goes) look(t *testing.T, function string, info *types.Info, n ast.Node) {
	switch n := n.(type) {
	case *ast.CompositeLit:
		if !isLoop(info.Types[n].Type) {
			return
		}
		of := memberOfLoop(info, n, "Of")
		if other, twice := g.loops[of]; of == "" || twice {
			t.Errorf("%s: a loop says in a constant what it is of, and no other does: %q, as %s", function, of, other)
		}
		g.loops[of] = function
	case *ast.RangeStmt:
		if mayBeBad(info.Types[n.X].Type) && !slices.Contains(ofOneDay(), strings.Fields(function)[0]) {
			g.ranges[function] = true
		}
	}
}

// ofOneDay are the packages that compute a day out of all of its records, or not at all; and the
// one that all loops are made of.
func ofOneDay() []string { return []string{"pkg/kpi", "pkg/extsort", "pkg/each"} }

func isLoop(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == "Loop" && named.Obj().Pkg().Path() == "trunkline/pkg/each"
}

func memberOfLoop(info *types.Info, loop *ast.CompositeLit, member string) string {
	for _, e := range loop.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if ok && pair.Key.(*ast.Ident).Name == member {
			if v := info.Types[pair.Value].Value; v != nil {
				return constant.StringVal(v)
			}
		}
	}
	return ""
}

// mayBeBad reports whether a type is an iter.Seq2 whose second value is an error.
func mayBeBad(t types.Type) bool {
	f, ok := t.Underlying().(*types.Signature)
	if !ok || f.Params().Len() != 1 || f.Results().Len() != 0 {
		return false
	}
	yield, ok := f.Params().At(0).Type().Underlying().(*types.Signature)
	return ok && yield.Params().Len() == 2 && types.Identical(yield.Params().At(1).Type(), types.Universe.Lookup("error").Type())
}

// rangesMayStand are the functions that go through things themselves, with the reason.
func rangesMayStand() map[string]string {
	const (
		wholeDay = "a day's figures are made of all of its records, or not at all"
		onePBX   = "it answers of one PBX, or not at all"
		sequence = "it is a sequence itself, and hands on what is bad"
		check    = "it compares all with what was sent, or says why not"
		probe    = "it tries what is allowed, at nothing that anybody has sent"
	)
	all := map[string]string{
		"pkg/replay countObjects": "it counts for a progress bar alone; the replay reports what is bad",
		"pkg/store base.first":    "it looks at the first thing alone",
		"pkg/local Dir.used":      "it looks whether there is anything",
		"pkg/store firstOf":       "it looks at the first thing that can be read alone",
	}
	for reason, functions := range map[string]string{
		wholeDay: "pkg/rollup addAll, pkg/rollup reading.addSigns, pkg/store records, pkg/store fold, pkg/store Store.Signs, " +
			"pkg/store Figures.rows, pkg/store Figures.Restate, pkg/store Figures.DropRows, pkg/rollup ReadPublished, " +
			"pkg/dataquality addRecords, pkg/dataquality ReadReview, pkg/erase Erasure.largeObject, pkg/erase Erasure.mayBeIn, pkg/curated calls, pkg/curated object",
		onePBX: "pkg/store Store.LiveCalls, pkg/store Figures.Activity, pkg/store Store.reportedCallNear, pkg/store Store.Forget, pkg/store Store.Remove, " +
			"pkg/store Store.forgetDue",
		sequence: "pkg/store texts, pkg/compact run.batches, pkg/archive Part.Lines, pkg/archive reading.list, pkg/archive reading.object, pkg/erase Erasure.names",
		check:    "infra/fleet/push Compare, infra/fleet/push truePBXs, infra/fleet/push publishedRows",
		probe: "pkg/cloud/stackcheck checkup.bucketAccess, pkg/cloud/stackcheck checkup.tableAccess, pkg/doctor Checkup.tidy, pkg/doctor recorded, pkg/doctor archived, " +
			"infra/demo Archived",
	} {
		for function := range strings.SplitSeq(functions, ", ") {
			all[function] = reason
		}
	}
	return all
}

func TestWhatMayBeBadIsGoneThroughInOneWay(t *testing.T) {
	t.Parallel()
	found, may := code(t).ranges, rangesMayStand()
	for _, function := range slices.Sorted(maps.Keys(found)) {
		if may[function] == "" {
			t.Errorf("%s ranges over things of which any may be bad: write an each.Loop", function)
		}
	}
	for function := range may {
		if !found[function] {
			t.Errorf("%s is excused, and ranges over nothing", function)
		}
	}
}

func TestALoopInTheCodeIsSeen(t *testing.T) {
	t.Parallel()
	found := newGoes(exports(t))
	found.add(t, "trunkline/pkg/x", `package x
import "trunkline/pkg/each"
type seq func(func(int, error) bool)
func f(all func(func(int, error) bool), other seq, text func(func(int, string) bool), one func(func(error) bool)) {
	for range text {
	}
	for range one {
	}
	func() {
		for range all {
		}
	}()
}
func g(all seq) {
	for _, err := range all {
		_ = err
	}
}
func h() {
	for range 3 {
	}
	_ = each.Loop[int]{Of: "things"}
}`)
	if len(found.loops) != 1 || found.loops["things"] != "pkg/x h" {
		t.Errorf("found %q", found.loops)
	}
	if got := slices.Sorted(maps.Keys(found.ranges)); !slices.Equal(got, []string{"pkg/x f", "pkg/x g"}) {
		t.Errorf("found %q", got)
	}
}
