package each

import (
	"fmt"
	"slices"
	"strings"
)

// Bad is the error of one thing that can't be read or done.
type Bad struct {
	Name string // of the thing
	Err  error
}

// Error implements error.
func (b *Bad) Error() string { return b.Name + ": " + b.Err.Error() }

// Unwrap returns why the thing is bad.
func (b *Bad) Unwrap() error { return b.Err }

const (
	// namedAtMost is how many skipped things an error names.
	namedAtMost = 10
	// reasonsAtMost is for how many of them it gives the reason.
	reasonsAtMost = 3
)

// Skipped is the error of a loop that has left some things out.
type Skipped struct {
	Of    string // what the things are
	Count int
	First []*Bad // the first ten of them
	Done  int    // how many things were done
	// Stopped is why the loop ended before its last thing; nil if it reached the end.
	Stopped error
}

// Error implements error.
func (s *Skipped) Error() string {
	names := make([]string, len(s.First))
	for i, bad := range s.First {
		if names[i] = bad.Name; i < reasonsAtMost {
			names[i] = bad.Error()
		}
	}
	more := ""
	if s.Count > len(s.First) {
		more = "; …"
	}
	text := fmt.Sprintf("skipped %d of the %s: %s%s", s.Count, s.Of, strings.Join(names, "; "), more)
	if s.Stopped != nil {
		text = fmt.Sprintf("%v; before that, %s", s.Stopped, text)
	}
	return text
}

// Unwrap returns why the loop stopped, and the errors of the first things that were skipped.
func (s *Skipped) Unwrap() []error {
	var all []error
	if s.Stopped != nil {
		all = append(all, s.Stopped)
	}
	for _, bad := range s.First {
		all = append(all, bad)
	}
	return all
}

func (s *Skipped) add(bad *Bad) {
	if s.Count++; len(s.First) < namedAtMost {
		s.First = append(s.First, bad)
	}
}

// Only reports whether an error means only that loops skipped some things, and did all others.
func Only(err error) bool {
	switch e := err.(type) {
	case *Skipped:
		return e.Stopped == nil
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(part error) bool { return !Only(part) })
	case interface{ Unwrap() error }:
		return Only(e.Unwrap())
	}
	return false
}

// Nothing reports whether an error contains a loop that has done nothing at all. Then the things
// often have one cause, such as a missing permission.
func Nothing(err error) bool {
	return slices.ContainsFunc(In(err), func(s *Skipped) bool { return s.Done == 0 })
}

// In returns the errors of all loops in an error, including loops in loops, such as days of a PBX.
func In(err error) (all []*Skipped) {
	if s, ok := err.(*Skipped); ok {
		all = append(all, s)
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			all = append(all, In(part)...)
		}
	case interface{ Unwrap() error }:
		all = In(e.Unwrap())
	}
	return all
}
