package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
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
	d := &checkup{p: p, asJSON: c.JSON}
	switch {
	case c.Data != "" && c.Table+c.Bucket+c.Secret != "":
		return errors.New("--data is another place than --table, --bucket and --secret: give one or the other")
	case c.Data != "":
		d.folder(c.Data, c.URL)
	case c.Stack+c.Table+c.Bucket+c.Secret+c.URL != "":
		d.cloud(site{c.Stack, c.Table, c.Bucket, c.Secret, c.URL})
	default:
		return errors.New("what is to be checked? Give --data DIR, or --stack NAME, or --table, --bucket, --secret and --url")
	}
	if d.failed > 0 {
		return fmt.Errorf("%d of %d checks failed", d.failed, d.made)
	}
	return d.p.ctx.Err()
}

// checkup makes checks, and prints what each of them finds.
type checkup struct {
	p            *program
	asJSON       bool
	made, failed int
}

// verdict is what a check found.
type verdict struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
}

// fault is what is wrong, and what to do about it, each in one line.
type fault struct{ found, do string }

func (f fault) Error() string { return f.found + ": " + f.do }

// wrong makes a fault.
func wrong(do, found string, args ...any) error { return fault{fmt.Sprintf(found, args...), do} }

// checkWithin is how long one check may take.
const checkWithin = 20 * time.Second

// check looks at something, says what it finds, and tells whether that is well.
func (d *checkup) check(name string, look func(context.Context) (found string, err error)) bool {
	if d.p.ctx.Err() != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(d.p.ctx, checkWithin)
	defer cancel()
	found, err := look(ctx)
	v := verdict{Check: name, OK: err == nil, Found: found}
	if err != nil {
		f, ok := errors.AsType[fault](err)
		if !ok {
			f = fault{err.Error(), "put that right, and run this again"}
		}
		v.Found, v.Do = f.found, f.do
	}
	d.print(v)
	return v.OK
}

func (d *checkup) print(v verdict) {
	d.made++
	if !v.OK {
		d.failed++
	}
	v.Found, v.Do = oneLine(v.Found), oneLine(v.Do)
	switch {
	case d.asJSON:
		jsonLines(d.p.out).Encode(v)
	case v.OK:
		fmt.Fprintf(d.p.out, "ok      %-15s %s\n", v.Check, v.Found)
	default:
		fmt.Fprintf(d.p.out, "FAILED  %-15s %s: %s\n", v.Check, v.Found, v.Do)
	}
}

// oneLine is a text that others wrote as one line that steers no terminal.
func oneLine(s string) string {
	if s == "" {
		return ""
	}
	return plain(strings.Join(strings.Fields(s), " "))
}

// attempt is something that must be allowed.
type attempt struct {
	action string
	try    func() error
}

// allowed makes attempts, and tells which of them are denied, or the first that fails for
// another reason.
func allowed(to string, attempts ...attempt) error {
	var denied []string
	for _, a := range attempts {
		err := a.try()
		switch {
		case isDenied(err):
			denied = append(denied, a.action)
		case err != nil:
			return awsFault(err, a.action, to)
		}
	}
	if len(denied) > 0 {
		list := strings.Join(denied, ", ")
		return wrong("have its owner allow this identity "+list+" on it", "%s denies %s", to, list)
	}
	return nil
}
