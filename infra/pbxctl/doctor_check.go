package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"trunkline/pkg/cloud/stackcheck"
	"trunkline/pkg/doctor"
	"trunkline/pkg/local/foldercheck"
)

type doctorCheckCommand struct {
	Data   string `xor:"site" type:"path" help:"Data folder of pbxctl serve." placeholder:"DIR"`
	Stack  string `xor:"site" help:"CloudFormation stack, whose outputs name all that follows." placeholder:"NAME"`
	Table  string `help:"DynamoDB table, in place of the stack's." placeholder:"NAME"`
	Bucket string `help:"S3 bucket, likewise." placeholder:"NAME"`
	Secret string `help:"Secret of the fleet keys, likewise." placeholder:"ARN"`
	URL    string `name:"url" help:"Where PBXs reach Trunkline; with --data, what pbxctl serve listens on." placeholder:"URL"`
	JSON   bool   `name:"json" help:"One JSON object per check."`
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

// Run implements the command.
func (c *doctorCheckCommand) Run(p *program) error {
	checkup := &doctor.Checkup{Now: p.now, Report: func(v doctor.Verdict) { printVerdict(p.out, v, c.JSON) }}
	switch {
	case c.Data != "" && c.Table+c.Bucket+c.Secret != "":
		return errors.New("--data is another place than --table, --bucket and --secret: give one or the other")
	case c.Data != "":
		foldercheck.Run(p.ctx, checkup, foldercheck.Folder{Path: c.Data, URL: c.URL, FleetKeys: p.getenv("FLEET_KEYS"), OpenClock: p.openClock})
	case c.Stack+c.Table+c.Bucket+c.Secret+c.URL != "":
		stackcheck.Run(p.ctx, checkup, stackcheck.Site{Stack: c.Stack, Table: c.Table, Bucket: c.Bucket, Secret: c.Secret, URL: c.URL}, checkClients)
	default:
		return errors.New("what is to be checked? Give --data DIR, or --stack NAME, or --table, --bucket, --secret and --url")
	}
	if err := checkup.Err(); err != nil {
		return err
	}
	return p.ctx.Err()
}

func printVerdict(out io.Writer, v doctor.Verdict, asJSON bool) {
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
