package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"trunkline/pkg/local"
	"trunkline/pkg/local/control"
	"trunkline/pkg/retry"
)

// Client is a command that changes data folders. If a server has a folder open, the server does the
// command.
type Client struct {
	Version   string   // of the program: the server must have the same
	Args      []string // the command line; nil: no server is asked
	Dir       string   // of relative paths; empty: the process's folder
	Home      string   // the folder that ~ means
	Terminal  bool     // Errs is a terminal
	Getenv    func(string) string
	Machine   func() time.Time // measures durations, by a monotonic clock
	Out, Errs io.Writer
	Files     control.Files
}

// Exited is the exit code of a command that a server did. Its messages are printed already.
type Exited int

// Error implements error.
func (code Exited) Error() string { return fmt.Sprintf("exit code %d", int(code)) }

// How long a folder may be in use without a server that listens. A server that starts has no socket
// yet; a server that ends does not listen any more.
const (
	beginsWithin = 300 * time.Millisecond
	endsSoon     = 3 * time.Second
)

// Open opens a data folder, or has its server do the command. The error is an Exited if the server
// did the command. The server may read and write the given files with the client's rights; an empty
// name is ignored.
func (c Client) Open(ctx context.Context, folder string, files ...string) (*local.Dir, error) {
	for began := c.Machine(); ; {
		data, err := local.Open(ctx, folder)
		if !errors.Is(err, local.ErrInUse) || c.Args == nil {
			return data, err
		}
		asked := c.ask(ctx, folder, files)
		if !errors.Is(asked, control.ErrNobody) {
			return nil, asked
		}
		limit := beginsWithin
		if errors.Is(asked, control.ErrEnding) {
			limit = endsSoon
		}
		if c.Machine().Sub(began) > limit {
			return nil, err
		}
		if err := retry.Wait(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// ask has the server of a data folder do the command.
func (c Client) ask(ctx context.Context, folder string, files []string) error {
	r, err := c.request(files)
	if err != nil {
		return err
	}
	code, err := control.Ask(ctx, folder, r, c.Out, c.Errs, c.Files)
	if err != nil {
		return err
	}
	return Exited(code)
}

// request returns the command as a request to a server.
func (c Client) request(files []string) (r control.Request, err error) {
	r = control.Request{Version: c.Version, Args: c.Args, Dir: c.Dir, Home: c.Home, Terminal: c.Terminal,
		Env: map[string]string{}, Files: map[string][]byte{}}
	if r.Dir == "" {
		if r.Dir, err = os.Getwd(); err != nil {
			return r, err
		}
	}
	for _, name := range Settings() {
		if value := c.Getenv(name); value != "" {
			r.Env[name] = value
		}
	}
	for _, path := range files {
		if path == "" {
			continue
		}
		if r.Files[path], err = readIfThere(c.Files, path); err != nil {
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
