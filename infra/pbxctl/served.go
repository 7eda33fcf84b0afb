package main

import (
	"context"
	"errors"
	"os"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/config"
	"trunkline/pkg/local"
	"trunkline/pkg/local/control"
	"trunkline/pkg/local/server"
	"trunkline/pkg/retry"
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
	data, err := openOrAsk(p, folder, files)
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

// How long a folder may be in use without a server that listens. A server that starts has no socket
// yet; a server that ends does not listen any more.
const (
	beginsWithin = 300 * time.Millisecond
	endsSoon     = 3 * time.Second
)

// openOrAsk opens a data folder here, or has its server do the command. The error is an exited if
// the server did the command.
func openOrAsk(p *program, folder string, files []string) (*local.Dir, error) {
	for began := time.Now(); ; {
		data, err := local.Open(p.ctx, folder)
		if !errors.Is(err, local.ErrInUse) || p.args == nil {
			return data, err
		}
		asked := p.ask(folder, files)
		if !errors.Is(asked, control.ErrNobody) {
			return nil, asked
		}
		limit := beginsWithin
		if errors.Is(asked, control.ErrEnding) {
			limit = endsSoon
		}
		if time.Since(began) > limit {
			return nil, err
		}
		if err := retry.Wait(p.ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// ask has the server of a data folder do the command.
func (p *program) ask(folder string, files []string) error {
	r, err := p.request(files)
	if err != nil {
		return err
	}
	code, err := control.Ask(p.ctx, folder, r, p.out, p.errs, p.files)
	if err != nil {
		return err
	}
	return exited(code)
}

// request returns the command as a request to a server.
func (p *program) request(files []string) (r control.Request, err error) {
	r = control.Request{Version: version.Text(), Args: p.args, Dir: p.dir, Home: p.home, Terminal: p.terminal,
		Env: map[string]string{}, Files: map[string][]byte{}}
	if r.Dir == "" {
		if r.Dir, err = os.Getwd(); err != nil {
			return r, err
		}
	}
	for _, name := range server.Settings() {
		if value := p.getenv(name); value != "" {
			r.Env[name] = value
		}
	}
	for _, path := range files {
		if path == "" {
			continue
		}
		if r.Files[path], err = readIfThere(p.files, path); err != nil {
			return r, err
		}
	}
	return r, nil
}

// readIfThere reads a file. It returns nil for a missing one.
func readIfThere(files control.Files, path string) ([]byte, error) {
	content, err := files.Read(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return content, err
}

// rollup returns what computes days. In a server it is the server's own, so that a command and the
// hourly run do not work on the same day. Temporary files are in the data folder, if there is one.
func (p *program) rollup(s *store.Store, b archive.Bucket, schedule config.Schedule, data string) *rollup.Rollup {
	if p.server != nil && !p.otherClock {
		return p.server.Rollup
	}
	return rollup.New(s, b, schedule, p.now).WithScratch(data)
}
