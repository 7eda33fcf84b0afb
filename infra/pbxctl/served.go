package main

import (
	"context"
	"errors"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/local"
	"trunkline/pkg/local/server"
	"trunkline/pkg/rollup"
	"trunkline/pkg/store"
	"trunkline/pkg/version"
)

// openFolder calls use with a data folder, to change it. The folder is made if it is missing. If a
// server has it open, the server does the whole command; it may read and write the given files.
func (p *program) openFolder(folder string, use func(*local.Dir) error, files ...string) error {
	if p.server != nil {
		return p.server.Lend(folder, use)
	}
	client := server.Client{
		Version: version.Text(), Args: p.args, Dir: p.dir, Home: p.home, Terminal: p.terminal,
		Getenv: p.getenv, Machine: time.Now, Out: p.out, Errs: p.errs, Files: p.files,
	}
	data, err := client.Open(p.ctx, folder, files...)
	if err != nil {
		return err
	}
	return p.trusted(data, folder, use)
}

// trusted calls use with an open data folder if the clock can be right, and closes the folder.
func (p *program) trusted(data *local.Dir, folder string, use func(*local.Dir) error) error {
	if err := p.trustClock(data.Table, folder); err != nil {
		return errors.Join(err, data.Close())
	}
	return errors.Join(p.alone(data, use), data.Close())
}

// alone calls use with a data folder that no server has open, until one starts.
func (p *program) alone(data *local.Dir, use func(*local.Dir) error) error {
	ctx, done := data.UntilServed(p.ctx)
	defer done()
	defer func(ctx context.Context) { p.ctx = ctx }(p.ctx)
	p.ctx = ctx
	err := use(data)
	if err != nil && errors.Is(context.Cause(ctx), local.ErrServerStarts) {
		return local.ErrServerStarts
	}
	return err
}

// keeper returns what keeps events in an archive. In a server it appends them to segments. A command that
// works alone puts each delivery into an object of its own.
func (p *program) keeper(b archive.Bucket) archive.Keeper {
	if p.server != nil {
		return p.server.Keeper
	}
	return archive.NewDirect(b)
}

// rollup returns what computes days. In a server it is the server's own, so that a command and the
// hourly run do not work on the same day. Temporary files are in the data folder, if there is one.
func (p *program) rollup(s *store.Store, b archive.Bucket, schedule config.Schedule, data string) *rollup.Rollup {
	if p.server != nil && !p.otherClock {
		return p.server.Rollup
	}
	return rollup.New(s, b, schedule, p.now).WithScratch(data)
}
