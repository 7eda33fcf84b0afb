package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// floorMode is the argument that makes this program the floor of `pbxctl serve`.
const floorMode = "floor"

// runFloor serves until ctx ends: it reads bodies, and answers 200.
func runFloor(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(readBody)}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Printf("The floor listens on http://%s and keeps nothing\n", listener.Addr())
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
