package main

import (
	"trunkline/pkg/store"
	"trunkline/pkg/tables"
)

type extensionsCommand struct {
	source
	Log string `help:"Show instead the states of this extension in the last 30 days." placeholder:"EXTENSION"`
}

// Help is the long form of the command's help.
func (extensionsCommand) Help() string {
	return `Examples:
  pbxctl extensions 68:69:2e:0b:00:01 --data ./data
  pbxctl extensions 68:69:2e:0b:00:01 --data ./data --log 808 --json`
}

// Run implements the command.
func (c *extensionsCommand) Run(p *program) error {
	return c.readRecords(p, func(s *store.Store) error {
		found := s.Extensions(p.ctx, c.MAC)
		if c.Log != "" {
			found = s.ExtensionLog(p.ctx, c.MAC, c.Log)
		}
		return show(p, c.JSON, found, tables.Extensions(), "Nothing is known of it.")
	})
}
