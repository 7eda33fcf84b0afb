// Package rooms holds the arrows between the packages of this repository: who may
// import whom, what a function may link, and what may stand at the top. Its rules are
// a table (rules_test.go), checked over what `go list` and `git ls-files` say.
//
// The package has tests only, and nothing may import it.
package rooms
