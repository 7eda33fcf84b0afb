package main

import (
	"iter"

	"trunkline/pkg/each"
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type liveCommand struct {
	source
}

// Help is the long form of the command's help.
func (liveCommand) Help() string {
	return `Shows whether a call has begun, rings, is answered or has ended, as far as the PBX reported it.

Example:
  pbxctl live 68:69:2e:05:0f:9a --data ./data`
}

// Run implements the command.
func (c *liveCommand) Run(p *program) error {
	return c.readRecords(p, func(s *store.Store) error {
		calls, err := s.LiveCalls(p.ctx, c.MAC)
		return show(p, c.JSON, values(calls, err), tables.LiveCalls(), "No calls in the last day.")
	})
}

// values yields the elements of a slice, or the error alone.
func values[T any](all []T, err error) iter.Seq2[T, error] {
	if err != nil {
		return func(yield func(T, error) bool) { yield(*new(T), err) }
	}
	return each.Of(all...)
}
