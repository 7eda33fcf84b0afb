package rooms

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

const module = "trunkline"

// A repository has what the rules check.
type repository struct {
	top      []string // names at the top
	packages map[string]goPackage
}

type goPackage struct {
	name    string
	imports []string // import paths, without those of tests
	clock   []string // where time.Now and its like are used
	inits   []string // where a func init stands
	chains  []string // places that continue after an error
}

// violations lists whatever breaks a rule, each as one line.
func (r repository) violations() []string {
	var found []string
	for _, name := range r.top {
		if !strings.HasPrefix(name, ".") && !slices.Contains(strings.Fields(topLevel), name) {
			found = append(found, name+" has no place at the top")
		}
	}
	for _, at := range slices.Sorted(maps.Keys(r.packages)) {
		if within(at, "./...") {
			found = append(found, r.brokenArrows(at)...)
			found = append(found, r.packages[at].badHabits(at)...)
		}
	}
	return found
}

func (r repository) brokenArrows(at string) []string {
	var found []string
	for _, a := range arrows {
		if !within(at, a.from) {
			continue
		}
		for _, to := range r.reached(at, a.how) {
			if within(to, a.never) {
				found = append(found, fmt.Sprintf("%s %s %s, but %s", at, a.how, to, a.because))
			}
		}
	}
	return found
}

func (r repository) reached(at string, how reach) []string {
	if how == imports {
		return r.packages[at].imports
	}
	seen := map[string]bool{}
	var visit func(string)
	visit = func(at string) {
		for _, to := range r.packages[at].imports {
			if !seen[to] {
				seen[to] = true
				visit(to)
			}
		}
	}
	visit(at)
	return slices.Sorted(maps.Keys(seen))
}

func (p goPackage) badHabits(at string) []string {
	var found []string
	if slices.Contains(strings.Fields(bannedNames), p.name) || slices.Contains(strings.Fields(bannedNames), path.Base(at)) {
		found = append(found, at+" has a name that says nothing")
	}
	if p.name != "main" && !within(at, mayReadClock) {
		for _, where := range p.clock {
			found = append(found, where+" reads the clock; be given it")
		}
	}
	for _, where := range p.inits {
		found = append(found, where+" is a func init; call it")
	}
	if within(at, returnsErrors) {
		for _, where := range p.chains {
			found = append(found, where+" goes on after an error; return it")
		}
	}
	return found
}

// within reports whether the package at an import path is in a set, as arrow describes it.
func within(at, set string) bool {
	in := false
	for word := range strings.FieldsSeq(set) {
		pattern, out := strings.CutPrefix(word, "-")
		if matches(at, pattern) {
			if out {
				return false
			}
			in = true
		}
	}
	return in
}

func matches(at, pattern string) bool {
	if rest, ours := strings.CutPrefix(pattern, "./"); ours {
		pattern = module + "/" + rest
	}
	root, tree := strings.CutSuffix(pattern, "/...")
	return at == root || tree && strings.HasPrefix(at, root+"/")
}
