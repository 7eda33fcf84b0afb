// Package storetest is what a store.Table must do, as a suite that every one of them
// passes, and a Table that fails on demand for the tests of those who use one.
//
// It knows the contract of store.Table, and none of its implementations.
package storetest
