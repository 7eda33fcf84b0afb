package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// ErrBroken says that a server ended before it reported a command's exit code.
var ErrBroken = errors.New("the server ended before the command did: run it again")

// Ask lets the server of a data folder do a command, and returns its exit code. What it prints
// goes to out and errs; files are the request's files that it may write. When ctx ends, it asks
// the server to end the command, and waits for the rest of the output. If no server listens, the
// error is ErrNobody.
func Ask(ctx context.Context, folder string, r Request, out, errs io.Writer, files Files) (code int, err error) {
	text, err := json.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("ask the server: %w", err)
	}
	if len(text) > requestAtMost {
		return 0, errors.New("ask the server: the command is too long")
	}
	conn, err := dial(folder)
	if err != nil {
		return 0, fmt.Errorf("ask the server: %w", err)
	}
	defer conn.Close()
	c := &client{conn: conn, out: out, errs: errs, files: &fileServer{files: files, named: r.Files}}
	defer c.files.discard()
	if err := c.send(asks, text); err != nil {
		return 0, fmt.Errorf("ask the server: %w", err)
	}
	defer context.AfterFunc(ctx, func() {
		c.send(ends, nil)
		time.AfterFunc(endWithin+time.Second, func() { conn.Close() })
	})()
	return c.receive()
}

// client is the client's side of a connection.
type client struct {
	conn      io.ReadWriter
	writing   sync.Mutex
	out, errs io.Writer
	files     *fileServer
}

func (c *client) send(kind byte, content []byte) error {
	return stream{&c.writing, c.conn, kind}.one(content)
}

// receive does what the server's frames say, and returns the exit code of the command.
func (c *client) receive() (code int, err error) {
	for {
		kind, content, err := readFrame(c.conn)
		switch {
		case err != nil, kind == exits && len(content) != 1:
			return 0, ErrBroken
		case kind == exits:
			return int(content[0]), nil
		}
		if err := c.do(kind, content); err != nil {
			return 0, err
		}
	}
}

// do does what a frame says that is not the last one. A refusal is an error.
func (c *client) do(kind byte, content []byte) (err error) {
	switch kind {
	case prints:
		_, err = c.out.Write(content)
	case says:
		_, err = c.errs.Write(content)
	case file:
		err = c.send(file, []byte(c.files.do(content)))
	case contents:
		c.files.write(content)
	case refuses:
		err = errors.New(string(content))
	}
	return err
}
