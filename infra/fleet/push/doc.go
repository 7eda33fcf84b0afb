// Package push posts the events of a simulated fleet, over HTTP or into stores. It compares the
// published figures with the true ones.
//
// It knows the fleet, its truth, and how the product receives events and keeps figures. It knows no
// command line, and prints nothing.
package push
