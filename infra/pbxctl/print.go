package main

import (
	"iter"

	"trunkline/pkg/listing"
)

// columns show values of a type to people.
type columns[T any] = listing.Columns[T]

// show prints what a command found. Programs get an object per line as soon as it is read. People
// get a table, or the sentence nothing. What can't be read is skipped, and the error names it.
func show[T any](p *program, asJSON bool, found iter.Seq2[T, error], c listing.Columns[T], nothing string) error {
	if asJSON {
		encoder := listing.JSON(p.out)
		return listing.Rows(p.ctx, found, func(row T) error { return encoder.Encode(row) })
	}
	return listing.Table(p.ctx, p.out, found, c, nothing)
}
