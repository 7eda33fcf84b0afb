package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
)

type rollupCommand struct {
	MAC    string `xor:"which" name:"mac" help:"The PBX's MAC address." placeholder:"MAC"`
	All    bool   `xor:"which" help:"All PBXs of the fleet."`
	Day    string `xor:"when" help:"This day, by the PBX's clock." placeholder:"DAY"`
	Since  string `xor:"when" help:"All days that have closed, from this one on." placeholder:"DAY"`
	Data   string `xor:"source" type:"path" help:"Data folder, while no pbxctl serve uses it: that one rolls up by itself." placeholder:"DIR"`
	Table  string `xor:"source" and:"aws" help:"DynamoDB table, with region and credentials as for the AWS CLI." placeholder:"NAME"`
	Bucket string `and:"aws" help:"S3 bucket, with --table." placeholder:"NAME"`
	JSON   bool   `name:"json" help:"One JSON object per day, and no progress."`
	clockFlag
}

// Help is the long form of the command's help.
func (rollupCommand) Help() string {
	return `The hourly schedule rolls up by itself; this does it now, and does no harm beside it. What
comes out as it is published already is not written again. DEFAULT_ZONE and
GRACE_MINUTES mean what they mean to the function.

Examples:
  pbxctl rollup --mac 68:69:2e:0b:00:01 --day 2018-11-05 --data ./data
  pbxctl rollup --all --since 2026-11-01 --table trunkline-Table-1A2B --bucket trunkline-bucket-1a2b`
}

// clockFlag is another clock than the machine's, for trying things out.
type clockFlag struct {
	Now string `help:"Begin at this time instead of now, such as 2026-11-23T09:00:00Z: for trying things out." placeholder:"TIME"`
}

// set sets the program's clock.
func (c clockFlag) set(p *program) error {
	if c.Now == "" {
		return nil
	}
	begin, err := time.Parse(time.RFC3339, c.Now)
	if err != nil {
		return fmt.Errorf("--now: %q is not a time such as 2026-11-23T09:00:00Z", c.Now)
	}
	machine := p.now
	began := machine()
	p.now = func() time.Time { return begin.Add(machine().Sub(began)) }
	return nil
}

// Run implements the command.
func (c *rollupCommand) Run(p *program) error {
	if err := c.clockFlag.set(p); err != nil {
		return err
	}
	schedule, err := config.ReadSchedule(p.getenv)
	if err != nil {
		return err
	}
	table, bucket, done, err := c.open(p)
	if err != nil {
		return err
	}
	defer done()
	records := store.New(table, p.now)
	r := rollup.New(records, bucket, rollup.Config(schedule), p.now)
	tasks, err := c.tasks(p, records, r)
	if err != nil {
		return err
	}
	return c.work(p, r, tasks)
}

func (c *rollupCommand) open(p *program) (store.Table, archive.Bucket, func() error, error) {
	switch {
	case c.Data != "":
		data, err := local.Open(p.ctx, c.Data)
		if err != nil {
			return nil, nil, nil, err
		}
		return data.Table, data.Bucket, data.Close, nil
	case c.Table == "":
		return nil, nil, nil, errors.New("where are the records? Give --data DIR, or --table NAME and --bucket NAME")
	}
	table, err := openDynamoDB(p.ctx, c.Table)
	if err != nil {
		return nil, nil, nil, err
	}
	bucket, err := openS3(p.ctx, c.Bucket)
	return table, bucket, func() error { return nil }, err
}

// tasks finds the days that were asked for, and has them due.
func (c *rollupCommand) tasks(p *program, s *store.Store, r *rollup.Rollup) ([]rollup.Task, error) {
	if c.Day == "" && c.Since == "" {
		return nil, errors.New("which days? Give --day DAY or --since DAY")
	}
	first, err := pbx.ParseDay(cmp.Or(c.Day, c.Since))
	if err != nil {
		return nil, fmt.Errorf("--day or --since: %w", err)
	}
	macs, err := c.macs(p, s)
	if err != nil {
		return nil, err
	}
	var tasks []rollup.Task
	for _, mac := range macs {
		if c.Day != "" && !c.All {
			err = r.Request(p.ctx, rollup.Task{MAC: mac, Day: first})
			tasks = append(tasks, rollup.Task{MAC: mac, Day: first})
		} else {
			last := first
			if c.Since != "" {
				last = 0
			}
			var some []rollup.Task
			some, err = r.RequestClosed(p.ctx, mac, first, last)
			tasks = append(tasks, some...)
		}
		if err != nil {
			return nil, err
		}
	}
	return tasks, nil
}

func (c *rollupCommand) macs(p *program, s *store.Store) (macs []pbx.MAC, err error) {
	if !c.All {
		mac, err := pbx.ParseMAC(c.MAC)
		if err != nil {
			return nil, fmt.Errorf("--mac (or --all): %w", err)
		}
		return []pbx.MAC{mac}, nil
	}
	for mac, err := range s.Fleet(p.ctx) {
		if err != nil {
			return nil, err
		}
		macs = append(macs, mac)
	}
	return macs, nil
}

// rolled is what became of one day.
type rolled struct {
	rollup.Task
	Result rollup.Result `json:"result"`
}

// work does the tasks. A day that fails does not keep it from the others.
func (c *rollupCommand) work(p *program, r *rollup.Rollup, tasks []rollup.Task) error {
	bar := newBar(p, len(tasks), !c.JSON)
	counts := map[rollup.Result]int{}
	var failed []error
	for _, task := range tasks {
		result, err := r.Work(p.ctx, task)
		if p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		if err != nil {
			failed = append(failed, err)
			result = "failed"
		}
		counts[result]++
		bar.Add(1)
		if c.JSON {
			json.NewEncoder(p.out).Encode(rolled{task, result})
		}
	}
	bar.Finish()
	if !c.JSON {
		fmt.Fprintf(p.out, "%d days: %d published, %d unchanged, %d open still, %d failed\n", len(tasks),
			counts[rollup.Published], counts[rollup.Unchanged], counts[rollup.StillOpen], len(failed))
	}
	return errors.Join(failed[:min(len(failed), 10)]...)
}

// newBar shows people at a terminal how far a command is.
func newBar(p *program, total int, wanted bool) *progressbar.ProgressBar {
	out := io.Discard
	if f, ok := p.errs.(*os.File); ok && wanted && term.IsTerminal(int(f.Fd())) {
		out = f
	}
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(out), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
}
