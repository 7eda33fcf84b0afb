package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"trunkline/pkg/cloud/stackcheck"
	"trunkline/pkg/doctor"
	"trunkline/pkg/local/foldercheck"
)

type doctorCheckCommand struct {
	where
	URL  string `name:"url" help:"Where PBXs reach Trunkline, instead of the stack's URL; with --data, what pbxctl serve listens on." placeholder:"URL"`
	JSON bool   `name:"json" help:"One JSON object per check."`
}

// Help is the long form of the command's help.
func (doctorCheckCommand) Help() string {
	return `Looks at everything that an environment needs, and says of what is wrong what to do; the
exit code is 1 where anything is. Where the URL, the keys and a store are known, an event is
sent the whole way: that of a test device, 02:00:00:00:00:00, which no maker's PBX can be.
It changes the state of an extension, so no figures count it, and all that is kept of it is
removed at the end; only logs and metrics have seen it.

Examples:
  pbxctl doctor --stack trunkline
  pbxctl doctor --data ./data --url http://127.0.0.1:8080`
}

// locate lets a URL be checked by itself: see where.locate.
func (c *doctorCheckCommand) locate(p *program) error {
	if c.URL != "" {
		return c.mayLocate(p)
	}
	return c.where.locate(p)
}

// Run implements the command.
func (c *doctorCheckCommand) Run(p *program) error {
	checkup := &doctor.Checkup{Now: p.now, Report: func(v doctor.Result) { printVerdict(p.out, v, c.JSON) }}
	checkup.Check(p.ctx, "version", func(context.Context) (string, error) { return versionLine(), nil })
	if c.Data != "" {
		foldercheck.Run(p.ctx, checkup, foldercheck.Folder{Path: c.Data, URL: c.URL, FleetKeys: p.getenv("FLEET_KEYS"), OpenClock: p.openClock})
	} else {
		at := c.named()
		at.URL = c.URL
		stackcheck.Run(p.ctx, checkup, at, checkClients)
	}
	if err := checkup.Err(); err != nil {
		return err
	}
	return p.ctx.Err()
}

func printVerdict(out io.Writer, v doctor.Result, asJSON bool) {
	v.Found, v.Do = oneLine(v.Found), oneLine(v.Do)
	switch {
	case asJSON:
		jsonLines(out).Encode(v)
	case v.OK:
		fmt.Fprintf(out, "ok      %-15s %s\n", v.Check, v.Found)
	default:
		fmt.Fprintf(out, "FAILED  %-15s %s: %s\n", v.Check, v.Found, v.Do)
	}
}

// oneLine is a text that others wrote as one line that steers no terminal.
func oneLine(s string) string {
	if s == "" {
		return ""
	}
	return plain(strings.Join(strings.Fields(s), " "))
}
