// Package dataquality says how far what a PBX tells can be relied on: which calls it told of in
// one way and not in another, so that a loss can be told from a quiet day; which assumptions
// about its records do not hold; and whether it is silent for longer than is its habit. It
// is pure.
//
// The assumptions are those that the figures rest on; the vendor documents few of them.
package dataquality
