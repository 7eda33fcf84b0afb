// Onlytests lists what only tests use: the declarations and methods of some packages that no code of
// theirs refers to. It fails if there are any.
//
// Usage, in the folder of the product's module:
//
//	onlytests ./functions/... ./pkg/... ./infra/pbxctl
//
// A package whose name ends in test is for tests: it is not checked, and does not count as a user.
package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// byReflection are methods that libraries call without an interface that is declared at the top of a
// package: package errors, and kong.
var byReflection = []string{"As", "Is", "Run", "Unwrap"}

func main() {
	found, err := unused("", os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "onlytests:", err)
		os.Exit(1)
	}
	for _, line := range found {
		fmt.Println(line + " is used by tests only: delete it, or move it to them")
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// unused lists the declarations that none of the packages uses, as file:line:column: name. The patterns
// are read in a folder.
func unused(folder string, patterns ...string) ([]string, error) {
	loaded, err := packages.Load(&packages.Config{Dir: folder, Mode: packages.NeedName | packages.NeedImports | packages.NeedDeps |
		packages.NeedExportFile | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo}, patterns...)
	if err != nil {
		return nil, err
	}
	for _, p := range loaded {
		for _, e := range p.Errors {
			err = errors.Join(err, e)
		}
	}
	if err != nil {
		return nil, err
	}
	loaded = slices.DeleteFunc(loaded, func(p *packages.Package) bool { return strings.HasSuffix(p.Name, "test") })
	used, methods := uses(loaded), interfaceMethods(loaded)
	var found []string
	for _, p := range loaded {
		for name, o := range p.TypesInfo.Defs {
			if declared(p, o) && !used[o] && !(isMethod(o) && methods[o.Name()]) {
				found = append(found, fmt.Sprintf("%s: %s", p.Fset.Position(name.Pos()), o.Name()))
			}
		}
	}
	slices.Sort(found)
	return found, nil
}

// uses returns what the code of packages refers to. A function that refers to itself counts as used.
func uses(loaded []*packages.Package) map[types.Object]bool {
	used := map[types.Object]bool{}
	for _, p := range loaded {
		for _, o := range p.TypesInfo.Uses {
			if f, ok := o.(*types.Func); ok {
				o = f.Origin() // not the method of Set[int], but of Set[T]
			}
			used[o] = true
		}
	}
	return used
}

// interfaceMethods returns the names of methods that may be called through an interface. These are the
// interfaces in the packages' own code, and those that other packages declare.
func interfaceMethods(loaded []*packages.Package) map[string]bool {
	methods := map[string]bool{}
	for _, name := range byReflection {
		methods[name] = true
	}
	add := func(t types.Type) {
		if i, ok := t.Underlying().(*types.Interface); ok {
			for m := range i.Methods() {
				methods[m.Name()] = true
			}
		}
	}
	packages.Visit(loaded, nil, func(p *packages.Package) {
		for _, name := range p.Types.Scope().Names() {
			add(p.Types.Scope().Lookup(name).Type())
		}
		if p.TypesInfo == nil {
			return
		}
		for expression, t := range p.TypesInfo.Types {
			if _, ok := expression.(*ast.InterfaceType); ok {
				add(t.Type)
			}
		}
	})
	return methods
}

// declared reports whether an object is a declaration of a package, or a method of its types.
func declared(p *packages.Package, o types.Object) bool {
	if o == nil || o.Name() == "_" || o.Name() == "main" || o.Name() == "init" {
		return false
	}
	return o.Parent() == p.Types.Scope() || isMethod(o)
}

// isMethod reports whether an object is a method of a type that is no interface.
func isMethod(o types.Object) bool {
	f, ok := o.(*types.Func)
	return ok && f.Signature().Recv() != nil && !types.IsInterface(f.Signature().Recv().Type())
}
