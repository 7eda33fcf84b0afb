package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// A data folder has two locks. A writer holds `lock`. A server also holds `lock.serve`, and takes
// it first. A command that writes alone watches it, and ends when a server starts. So a command
// that takes hours keeps no PBX waiting.

// ErrInUse says that another program has a data folder open for writing.
var ErrInUse = errors.New("the data folder is in use by another pbxctl: stop it, or choose another folder")

// ErrServerStarts ends a command that works alone on a folder for which a server starts.
var ErrServerStarts = errors.New("a server starts on this folder, so this command ended early: run it again, and the server does it")

const (
	// looksEvery is how often a command checks whether a server starts.
	looksEvery = 200 * time.Millisecond
	// endsWithin is how long a server waits for a command to end. The command ends as after
	// Ctrl-C.
	endsWithin = 30 * time.Second
	// looksFor is the longest time that a check of a lock may hold it.
	looksFor = 100 * time.Millisecond
)

// Serve opens the data folder at path for a server, and makes it if it is missing. A command that
// has it open is asked to end; Serve calls waits before it waits for that. The error is ErrInUse
// if another server runs, or if the command does not end.
func Serve(ctx context.Context, path string, waits func()) (*Dir, error) {
	return open(ctx, path, func(d *Dir, ctx context.Context) error { return d.lockForServer(ctx, waits) })
}

func (d *Dir) lockForServer(ctx context.Context, waits func()) error {
	if err := lockWithin(ctx, d.serves, looksFor); err != nil {
		return err
	}
	err := lockWithin(ctx, d.lock, 0)
	if !errors.Is(err, ErrInUse) {
		return err
	}
	waits()
	return lockWithin(ctx, d.lock, endsWithin)
}

func (d *Dir) lockForCommand(ctx context.Context) error {
	if err := lockWithin(ctx, d.lock, 0); err != nil {
		return err
	}
	switch starts, err := d.serverStarts(); {
	case err != nil:
		return err
	case starts:
		return ErrInUse
	}
	return nil
}

// lockWithin tries to take a lock for a limited time.
func lockWithin(ctx context.Context, l *flock.Flock, limit time.Duration) error {
	ctx, end := context.WithTimeoutCause(ctx, limit, ErrInUse)
	defer end()
	for {
		locked, err := l.TryLock()
		if err != nil {
			return fmt.Errorf("take the lock: %w", err)
		}
		if locked {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// serverStarts reports whether a server waits for the folder.
func (d *Dir) serverStarts() (bool, error) {
	free, err := d.serves.TryRLock()
	if err != nil || !free {
		return !free && err == nil, err
	}
	return false, d.serves.Unlock()
}

// UntilServed returns a context that ends with ErrServerStarts when a server starts on the folder
// of a command. Call done at the end of the command.
func (d *Dir) UntilServed(ctx context.Context) (until context.Context, done func()) {
	until, end := context.WithCancelCause(ctx)
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		for {
			select {
			case <-until.Done():
				return
			case <-time.After(looksEvery):
			}
			if starts, err := d.serverStarts(); starts && err == nil {
				end(ErrServerStarts)
			}
		}
	}()
	return until, func() { end(nil); <-looked }
}

// unlock releases all locks.
func (d *Dir) unlock() error { return errors.Join(d.lock.Unlock(), d.serves.Unlock()) }
