package main

import (
	"context"

	"trunkline/pkg/cloud/stackcheck"
	"trunkline/pkg/doctor"
	"trunkline/pkg/local/foldercheck"
	"trunkline/pkg/tables"
)

type doctorCheckCommand struct {
	where
	URL  string `name:"url" help:"Base URL at which PBXs reach Trunkline, instead of the stack's URL; with --data, that of pbxctl serve." placeholder:"URL"`
	JSON bool   `name:"json" help:"One JSON object per check."`
}

// Help is the long form of the command's help.
func (doctorCheckCommand) Help() string {
	return `Checks everything that an environment needs, and says what to do about each fault. The exit code
is 1 if there is any. Where the URL, the keys and a store are known, it sends a test event the
whole way. The event is from the test device 02:00:00:00:00:00, which is no maker's MAC. It
changes the state of an extension, so no figures count it. All that was stored is removed at the
end; the event stays in logs and metrics alone. Where delivery streams write to the archive, it is
not there yet, and stays there later.

Examples:
  pbxctl doctor --stack trunkline
  pbxctl doctor --data ./data --url http://127.0.0.1:8080`
}

// locate needs no other place where a URL is to be checked: see where.locate.
func (c *doctorCheckCommand) locate(p *program) error {
	if c.URL != "" {
		return c.mayLocate(p)
	}
	return c.where.locate(p)
}

// Run implements the command.
func (c *doctorCheckCommand) Run(p *program) error {
	checkup := &doctor.Checkup{Now: p.now, Report: func(v doctor.Result) { tables.PrintResult(p.out, v, c.JSON) }}
	checkup.Check(p.ctx, "version", func(context.Context) (string, error) { return versionLine(), nil })
	if c.Data != "" {
		foldercheck.Run(p.ctx, checkup, foldercheck.Folder{Path: c.Data, URL: c.URL, FleetKeys: p.getenv("FLEET_KEYS"), OpenClock: p.openClock})
	} else {
		at := c.named()
		at.URL = c.URL
		stackcheck.Run(p.ctx, checkup, at)
	}
	if err := checkup.Err(); err != nil {
		return err
	}
	return p.ctx.Err()
}
