//go:build !linux

package control

import "net"

// checkPeer accepts everybody: the modes of the folder and of the socket protect it.
func checkPeer(*net.UnixConn) error { return nil }
