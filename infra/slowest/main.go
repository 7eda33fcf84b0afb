// Command slowest runs go test, and prints the slowest packages and tests at the end. Each
// argument has the arguments of one `go test`: slowest "./..." "-race ./pkg/each". It prints a
// line for each package that passed, and all output of those that failed. It exits with 1 if any
// failed.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// most is how many packages, and how many tests, are printed as the slowest.
const most = 10

func main() {
	r := report{out: os.Stdout, output: map[name][]string{}, packages: map[name]float64{}, tests: map[name]float64{}}
	for _, args := range os.Args[1:] {
		r.run(strings.Fields(args))
	}
	r.print("packages", r.packages)
	r.print("tests", r.tests)
	if r.failed {
		fmt.Fprintln(r.out, "FAIL")
		os.Exit(1)
	}
}

// event is a line of `go test -json`.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64 // in seconds
}

// name is a package, or a test of it.
type name struct{ pkg, test string }

func (n name) String() string { return strings.TrimSpace(n.pkg + " " + n.test) }

type report struct {
	out io.Writer
	// output has what running tests have printed.
	output          map[name][]string
	packages, tests map[name]float64 // how many seconds they took
	failed          bool
}

// run runs go test, and reads what it prints.
func (r *report) run(args []string) {
	test := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	test.Stderr = os.Stderr
	if err := r.follow(test); err != nil {
		fmt.Fprintf(r.out, "go test: %v\n", err)
		r.failed = true
	}
}

// follow reads what a command prints, until it ends.
func (r *report) follow(test *exec.Cmd) error {
	out, err := test.StdoutPipe()
	if err != nil {
		return err
	}
	if err := test.Start(); err != nil {
		return err
	}
	r.read(out)
	return test.Wait()
}

// read reads what `go test -json` prints. It prints a line that is not an event as it is.
func (r *report) read(from io.Reader) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if json.Unmarshal(line, &e) == nil {
			r.add(e)
		} else {
			r.out.Write(line)
		}
		if err != nil {
			return
		}
	}
}

func (r *report) add(e event) {
	of := name{cmp.Or(e.Package, e.ImportPath), e.Test}
	switch e.Action {
	case "output", "build-output":
		r.output[of] = append(r.output[of], e.Output)
	case "fail", "build-fail":
		r.failed = true
		r.printFailed(of, e)
	case "pass", "skip":
		r.passed(of, e)
	}
}

// printFailed prints all output of a test, or of a package, that has failed.
func (r *report) printFailed(of name, e event) {
	for _, line := range r.output[of] {
		fmt.Fprint(r.out, line)
	}
	delete(r.output, of)
	r.took(of, e)
}

// passed drops the output of a test that passed. For a package, it prints the last line: the
// result.
func (r *report) passed(of name, e event) {
	if lines := r.output[of]; of.test == "" && len(lines) > 0 && e.Action == "pass" {
		fmt.Fprint(r.out, lines[len(lines)-1])
	}
	delete(r.output, of)
	r.took(of, e)
}

func (r *report) took(of name, e event) {
	if of.test == "" {
		r.packages[of] = max(r.packages[of], e.Elapsed)
	} else {
		r.tests[of] = max(r.tests[of], e.Elapsed)
	}
}

// print prints what took longest.
func (r *report) print(what string, took map[name]float64) {
	slowest := slices.SortedFunc(maps.Keys(took), func(a, b name) int {
		return cmp.Or(cmp.Compare(took[b], took[a]), cmp.Compare(a.String(), b.String()))
	})
	fmt.Fprintf(r.out, "The slowest %s:\n", what)
	for _, n := range slowest[:min(most, len(slowest))] {
		fmt.Fprintf(r.out, "%7.1f s  %s\n", took[n], n)
	}
}
