// Package tables says how each kind of row is shown to people: the heads of its columns, and what
// stands in its cells. Package listing prints them. Times are by the clock of the machine, unless
// a comment says otherwise.
//
// It knows what the rows mean. It reads no store.
package tables
