//go:build !unix

package control

import (
	"errors"
	"net"
)

var errNoHandOver = errors.New("a server can't be taken over on this system")

func sendDescriptor(*net.UnixConn, uintptr) error { return errNoHandOver }

// TakeOver makes the server of a data folder hand over its listener and stop.
func TakeOver(string, func() error) (net.Listener, error) { return nil, errNoHandOver }
