// Package push has a made-up fleet post its events, over HTTP or into stores, and compares what is
// published of them with the true figures.
//
// It knows the fleet, its truth, and how the product receives events and keeps figures. It knows no
// command line, and prints nothing.
package push
