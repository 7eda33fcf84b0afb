// Licences lists the modules that the product is built of, each with its licence, and
// fails where one is not among those that may be passed on with it.
//
// Usage, in the folder of the product's module:
//
//	licences ./functions/... ./infra/pbxctl
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/google/licensecheck"
)

// permitted are the licences, by their SPDX identifiers, that ask for no more than to be
// passed on themselves.
var permitted = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, packages []string) error {
	modules, err := modulesOf(packages)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var errs []error
	for _, m := range modules {
		found, err := m.licences()
		if err == nil {
			err = check(m, found)
		}
		errs = append(errs, err)
		fmt.Fprintf(w, "%s\t%s\t%s\n", m.Path, m.Version, strings.Join(found, ", "))
	}
	return errors.Join(append(errs, w.Flush())...)
}

// module is a module as `go list` describes it.
type module struct {
	Path, Version, Dir string
	Main               bool
}

// modulesOf are the modules of the packages that these are built of, sorted, without the
// product's own.
func modulesOf(packages []string) (all []module, err error) {
	list := exec.Command("go", append([]string{"list", "-deps", "-json=Module"}, packages...)...)
	list.Stderr = os.Stderr
	text, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(text))); ; {
		var p struct{ Module *module }
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if p.Module != nil && !p.Module.Main && !slices.Contains(all, *p.Module) {
			all = append(all, *p.Module)
		}
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// names are those of the file that has a module's licence.
var names = []string{"LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING"}

// licences are those of the texts in that file.
func (m module) licences() (found []string, err error) {
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(m.Dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, match := range licensecheck.Scan(text).Match {
			if !slices.Contains(found, match.ID) {
				found = append(found, match.ID)
			}
		}
	}
	return found, nil
}

func check(m module, found []string) error {
	if len(found) == 0 {
		return fmt.Errorf("%s has no licence that is known", m.Path)
	}
	for _, licence := range found {
		if !slices.Contains(permitted, licence) {
			return fmt.Errorf("%s: %s may not be passed on with the product, which is MIT", m.Path, licence)
		}
	}
	return nil
}
