package rooms

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"testing"
)

// chains finds code that continues after an error, under a condition such as if err == nil { err
// = next() }. Errors must be returned where they occur.
func chains(t *testing.T, name, source string) (found []string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if branch, ok := n.(*ast.IfStmt); ok && !declares(branch.Init) && goesOn(branch) {
			found = append(found, fmt.Sprintf("%s:%d", name, files.Position(n.Pos()).Line))
		}
		return true
	})
	return found
}

// goesOn reports whether a branch is taken where err is nil, and sets err again.
func goesOn(branch *ast.IfStmt) bool {
	condition := branch.Cond
	for {
		and, ok := condition.(*ast.BinaryExpr)
		if !ok || and.Op != token.LAND {
			break
		}
		condition = and.X
	}
	equal, ok := condition.(*ast.BinaryExpr)
	if !ok || equal.Op != token.EQL || !isNamed(equal.X, "err") || !isNamed(equal.Y, "nil") {
		return false
	}
	return slices.ContainsFunc(branch.Body.List, setsErr)
}

// declares reports whether a statement makes variables, so that an err in it is another one.
func declares(s ast.Stmt) bool {
	set, ok := s.(*ast.AssignStmt)
	return ok && set.Tok == token.DEFINE
}

func setsErr(s ast.Stmt) bool {
	set, ok := s.(*ast.AssignStmt)
	return ok && set.Tok == token.ASSIGN && slices.ContainsFunc(set.Lhs, func(e ast.Expr) bool { return isNamed(e, "err") })
}

func isNamed(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}

func TestChainsAreSeenInSource(t *testing.T) {
	const source = `package p
func f() (err error) {
	if err == nil {
		err = f()
	}
	if err == nil && true {
		_, err = 1, f()
	}
	if err != nil {
		err = f()
	}
	if true && err == nil {
		err = f()
	}
	if err = f(); err == nil {
		err = f()
	}
	if err := f(); err == nil {
		err = f()
	}
	if err == nil {
		err := f()
		return err
	}
	return err
}
`
	if got, want := chains(t, "p.go", source), []string{"p.go:3", "p.go:6", "p.go:15"}; !slices.Equal(got, want) {
		t.Errorf("chains = %q, want %q", got, want)
	}
}
