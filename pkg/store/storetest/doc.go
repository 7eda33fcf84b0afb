// Package storetest is a conformance suite that every store.Table passes. It also has a Table that
// fails on demand, for the tests of packages that use a Table.
//
// It knows the contract of store.Table, and no implementation.
package storetest
