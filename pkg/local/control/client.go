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

// ErrBroken says that a server went away before it told how a command ended.
var ErrBroken = errors.New("the server ended before the command did: run it again")

// Ask has the server of a data folder do a command, and returns its exit code. What it prints
// goes to out and errs; files are those of the request that it may write. When ctx ends, the
// server is told to end the command, and its last words are waited for. Where no server
// listens, the error is ErrNobody.
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
	var writing sync.Mutex
	if err := (stream{&writing, conn, asks}).one(text); err != nil {
		return 0, fmt.Errorf("ask the server: %w", err)
	}
	defer context.AfterFunc(ctx, func() {
		stream{&writing, conn, ends}.one(nil)
		time.AfterFunc(endWithin+time.Second, func() { conn.Close() })
	})()
	k := &keeper{files: files, named: r.Files}
	defer k.discard()
	for {
		kind, content, err := readFrame(conn)
		if err != nil {
			return 0, ErrBroken
		}
		switch kind {
		case prints:
			_, err = out.Write(content)
		case says:
			_, err = errs.Write(content)
		case file:
			err = stream{&writing, conn, file}.one([]byte(k.do(content)))
		case contents:
			k.write(content)
		case refuses:
			return 0, errors.New(string(content))
		case exits:
			if len(content) == 1 {
				return int(content[0]), nil
			}
			return 0, ErrBroken
		}
		if err != nil {
			return 0, err
		}
	}
}
