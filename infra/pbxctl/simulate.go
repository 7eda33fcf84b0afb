package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"trunkline/infra/fleet"
	"trunkline/infra/fleet/push"
	"trunkline/pkg/config"
	"trunkline/pkg/listing"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"

	"golang.org/x/time/rate"
)

type simulateCommands struct {
	Run   simulateCommand      `cmd:"" default:"withargs" help:"Simulate PBXs that post events (the default)."`
	Check simulateCheckCommand `cmd:"" help:"Compare published figures with the true figures of a simulation."`
}

type simulateCommand struct {
	PBX       int     `required:"" name:"pbx" help:"How many PBXs." placeholder:"N"`
	Days      int     `required:"" help:"How many days of calls." placeholder:"N"`
	Seed      uint64  `required:"" help:"The same seed gives the same fleet, calls and deliveries." placeholder:"N"`
	First     day     `help:"First of the days: 2018-11-05, today or yesterday, by UTC; default: so that all days, with their late records, have just passed." placeholder:"DAY"`
	Calls     int     `default:"100" help:"Calls of a PBX on a weekday, on average." placeholder:"N"`
	V4        float64 `name:"v4" default:"0.05" help:"Share of the PBXs, from 0 to 1, whose software is v4." placeholder:"SHARE"`
	Rate      float64 `help:"Events per second of the whole fleet; 0: no limit." placeholder:"N"`
	AtOnce    int     `default:"32" help:"How many PBXs post concurrently." placeholder:"N"`
	To        string  `xor:"where" help:"Post over HTTP to the server at this URL." placeholder:"URL"`
	Data      string  `xor:"where" type:"path" help:"Post into this data folder without HTTP, each delivery at its simulated time." placeholder:"DIR"`
	KeysFrom  string  `type:"path" help:"With --to: data folder whose key signs, if FLEET_KEYS is not set." placeholder:"DIR"`
	Truth     string  `type:"path" help:"File for the true figures (with --data: truth.jsonl in the folder)." placeholder:"FILE"`
	YesReally bool    `help:"Allow posts to another machine."`
	JSON      bool    `name:"json" help:"Print a JSON object at the end, and no progress."`
}

// Help is the long form of the command's help.
func (simulateCommand) Help() string {
	return `The fleet has PBXs of all dialects, in several time zones. Some records come twice, days late or
with other values. Some lines fail for hours, and their PBXs catch up afterwards, at times in
arrays. Some clocks are minutes off, and one shows 1970 for an hour. The MACs begin with 02, which
no maker uses. PBXs of software v4 also report when agents log in and off.

The file of true figures has a JSON object for each row, as pbxctl kpi --all-rows --json prints
it. The figures are true where these PBXs never posted before, or only by the same simulation.
The PBXs must have no settings; with --data, their zones may be set. The time of a session is the
time of its receipt. With --to, only the server knows that; so there are no true figures of the
PBXs of software v4.

Examples:
  pbxctl simulate --pbx 20 --days 30 --seed 1 --data ./month
  pbxctl simulate --pbx 100 --days 2 --seed 1 --to http://127.0.0.1:8080 --keys-from ./data --rate 200`
}

// Run implements the command.
func (c *simulateCommand) Run(p *program) error {
	config, err := c.config(p)
	if err != nil {
		return err
	}
	return c.open(p, func(open push.Opener) error {
		bar := newBar(p, c.PBX*c.Days, !c.JSON)
		s := &push.Simulation{
			Open: open, PerSecond: perSecond(c.Rate), AtOnce: c.AtOnce, Truth: c.Truth != "", OwnClock: c.Data != "",
			Days: func(days int) { bar.Add(days) },
		}
		began := time.Now()
		err := c.write(p, s, config.All())
		bar.Finish()
		if p.ctx.Err() != nil {
			events, posts := s.Posted()
			return fmt.Errorf("stopped after %d events in %d posts, which are kept; no true figures are written", events, posts)
		}
		if err != nil {
			return err
		}
		return c.report(p, s.Summary(c.PBX, time.Since(began)))
	})
}

func (c *simulateCommand) config(p *program) (fleet.Config, error) {
	for _, flag := range []struct {
		name        string
		value, most int
	}{{"--pbx", c.PBX, 100_000}, {"--days", c.Days, 3660}, {"--calls", c.Calls, 100_000}, {"--at-once", c.AtOnce, 1000}} {
		if flag.value < 1 || flag.value > flag.most {
			return fleet.Config{}, unclear("%s: %d is not a number from 1 to %d", flag.name, flag.value, flag.most)
		}
	}
	if !(c.Rate >= 0) || math.IsInf(c.Rate, 0) {
		return fleet.Config{}, unclear("--rate: %g is not a number of events per second", c.Rate)
	}
	if !(c.V4 >= 0 && c.V4 <= 1) {
		return fleet.Config{}, unclear("--v4: %g is not a share from 0 to 1", c.V4)
	}
	// Records come up to five days late, and again up to three days after that.
	today := p.today(pbx.UTC)
	first := cmp.Or(c.First.From(today), today-pbx.Day(c.Days+9))
	return fleet.Usual(fleet.Config{Seed: c.Seed, PBXs: c.PBX, First: first, Days: c.Days, CallsPerDay: c.Calls, V4: c.V4}), nil
}

// perSecond returns the limit for a --rate; 0 means none.
func perSecond(n float64) rate.Limit {
	if n == 0 {
		return rate.Inf
	}
	return rate.Limit(n)
}

// open calls use with the place that the fleet posts to.
func (c *simulateCommand) open(p *program, use func(push.Opener) error) error {
	switch {
	case c.Data != "":
		return c.openData(p, use)
	case c.To == "":
		return unclear("where does the fleet post to? Give --to URL or --data DIR")
	}
	if err := c.checkTo(); err != nil {
		return err
	}
	fleetKeys := p.getenv("FLEET_KEYS")
	if fleetKeys == "" && c.KeysFrom == "" {
		return unclear("no key to sign with: set FLEET_KEYS, or give --keys-from DIR")
	}
	keys, err := local.ReadKeys(c.KeysFrom, fleetKeys)
	if err != nil {
		return err
	}
	return use(push.OverHTTP(func(mac pbx.MAC) string { return keys.URL(c.To, mac, 1) }, c.AtOnce, time.Now))
}

// openData calls use with a data folder to post into.
func (c *simulateCommand) openData(p *program, use func(push.Opener) error) error {
	recordDays, err := config.ReadRecordDays(p.getenv)
	if err != nil {
		return err
	}
	return p.openFolder(c.Data, func(d *local.Dir) error {
		if d.New { // else a server would find records without keys
			if _, err := d.MakeKeys(p.ctx); err != nil {
				return err
			}
		}
		c.Truth = cmp.Or(c.Truth, filepath.Join(c.Data, "truth.jsonl"))
		return use(push.IntoStores(d.Table, d.Bucket, recordDays, time.Now))
	}, c.Truth)
}

// checkTo refuses another machine, unless the flags allow it: load must not go there by accident.
func (c *simulateCommand) checkTo() error {
	to, err := url.Parse(c.To)
	if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" || to.RawQuery != "" {
		return unclear("--to: %q is not a URL such as http://127.0.0.1:8080", c.To)
	}
	if host := to.Hostname(); host != "localhost" && !net.ParseIP(host).IsLoopback() && !c.YesReally {
		return unclear("--to: %s is not this machine: give --yes-really to send the load there", host)
	}
	return nil
}

// write has the fleet post, and writes the true figures. Their file appears when it is complete.
func (c *simulateCommand) write(p *program, s *push.Simulation, all []fleet.PBX) error {
	if c.Truth == "" {
		return s.Run(p.ctx, all, io.Discard)
	}
	out, err := p.files.Create(c.Truth)
	if err != nil {
		return fmt.Errorf("write the true figures: %w", err)
	}
	defer out.Discard()
	if err := s.Run(p.ctx, all, out); err != nil {
		return err
	}
	return out.Commit()
}

func (c *simulateCommand) report(p *program, s push.Summary) error {
	if c.JSON {
		return listing.JSON(p.out).Encode(s)
	}
	fmt.Fprintf(p.out, "%d PBXs posted %d events in %d posts and %.1f s: %.0f events/s; all acknowledged, %d retries\n",
		s.PBXs, s.Events, s.Posts, s.Seconds, s.PerSecond, s.Retries)
	fmt.Fprintf(p.out, "Answered within %.1f ms (half of the posts), %.1f ms (99%%), %.1f ms (99.9%%), %.1f ms (all)\n",
		s.P50, s.P99, s.P999, s.Longest)
	if c.Truth != "" {
		fmt.Fprintf(p.out, "The true figures are in %s\n", c.Truth)
	}
	if s.Without > 0 {
		fmt.Fprintf(p.out, "%d PBXs of software v4 are not in the file: only the server knows when it received their sessions\n", s.Without)
	}
	return nil
}
