package local

import (
	"context"
	"errors"
	"testing"
)

func TestACommandThatWorksAloneEndsWhenAServerStarts(t *testing.T) {
	path := t.TempDir()
	alone, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	until, done := alone.UntilServed(t.Context())
	waited, ended := 0, make(chan error, 1)
	go func() {
		<-until.Done()
		cause := context.Cause(until)
		done()
		ended <- errors.Join(alone.Close(), cause)
	}()
	server, err := Serve(t.Context(), path, func() { waited++ })
	if err != nil {
		t.Fatal(err)
	}
	if cause := <-ended; !errors.Is(cause, ErrServerStarts) || waited != 1 {
		t.Errorf("the command: %v, %d waits", cause, waited)
	}
	if _, err := Open(t.Context(), path); !errors.Is(err, ErrInUse) {
		t.Errorf("a command beside the server: %v", err)
	}
	if _, err := Serve(t.Context(), path, func() { t.Error("it waits for a server") }); !errors.Is(err, ErrInUse) {
		t.Errorf("another server: %v", err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	until, done = again.UntilServed(t.Context())
	defer again.Close()
	defer done()
	if err := context.Cause(until); err != nil {
		t.Errorf("with no server: %v", err)
	}
}

func TestNoCommandBeginsWhileAServerWaits(t *testing.T) {
	path := t.TempDir()
	alone, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	ctx, stop := context.WithCancel(t.Context())
	_, err = Serve(ctx, path, func() {
		defer stop()
		if starts, err := alone.serverStarts(); !starts || err != nil {
			t.Errorf("a command sees a server start: %t, %v", starts, err)
		}
		if err := alone.lock.Unlock(); err != nil {
			t.Error(err)
		}
		if _, err := Open(ctx, path); !errors.Is(err, ErrInUse) {
			t.Errorf("another command: %v", err)
		}
		if err := lockWithin(ctx, alone.lock, 0); err != nil {
			t.Error(err)
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a server that is stopped while it waits: %v", err)
	}
}
