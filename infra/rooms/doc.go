// Package rooms checks the structure of this repository. It checks which package may import
// which, what a function may link, and what may stand at the top. It also checks how long a
// function may be. Its rules are a table (rules_test.go), checked against `go list` and
// `git ls-files`.
//
// The package has tests only, and nothing may import it.
package rooms
