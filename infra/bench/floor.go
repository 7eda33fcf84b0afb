package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

// floorMode is the argument that makes this program a floor of `pbxctl serve`. If a file name
// follows, the floor writes bodies to that file.
const floorMode = "floor"

// runFloor serves until ctx ends. It reads bodies, writes them to disk if a file is named, and
// answers 200.
func runFloor(ctx context.Context, files []string) error {
	handler := http.HandlerFunc(readBody)
	for _, name := range files {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		defer file.Close()
		handler = syncingTo(file)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Printf("The floor listens on http://%s and answers 200\n", listener.Addr())
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func readBody(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
}

// syncingTo appends each body to a file, and answers when it is on disk. That is the least work
// of a server whose answer is a promise.
func syncingTo(file *os.File) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := appendTo(file, r.Body); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}
}

func appendTo(file *os.File, body io.Reader) error {
	all, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if _, err := file.Write(all); err != nil {
		return err
	}
	return file.Sync()
}
