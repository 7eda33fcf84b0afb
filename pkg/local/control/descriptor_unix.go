//go:build unix

package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

func sendDescriptor(conn *net.UnixConn, descriptor uintptr) error {
	_, _, err := conn.WriteMsgUnix([]byte{takes}, syscall.UnixRights(int(descriptor)), nil)
	return err
}

// TakeOver makes the server of a data folder hand over its listener, and stop after ready returns
// nil. Connections wait in the listener until somebody accepts them. If no server listens, the
// error is ErrNobody.
func TakeOver(folder string, ready func() error) (net.Listener, error) {
	conn, err := dial(folder)
	if err != nil {
		return nil, fmt.Errorf("take over from the server: %w", err)
	}
	defer conn.Close()
	l, err := receive(conn)
	if err != nil {
		return nil, fmt.Errorf("take over from the server: %w", err)
	}
	if err := takeOver(conn, ready); err != nil {
		l.Close()
		return nil, fmt.Errorf("take over from the server: %w", err)
	}
	return l, nil
}

// takeOver asks the old server to end, after the new one is ready.
func takeOver(conn net.Conn, ready func() error) error {
	if err := ready(); err != nil {
		return err
	}
	return writeFrame(conn, takes, nil)
}

func receive(conn *net.UnixConn) (net.Listener, error) {
	if err := writeFrame(conn, takes, nil); err != nil {
		return nil, err
	}
	said, rights := make([]byte, headSize+frameAtMost), make([]byte, syscall.CmsgSpace(4))
	n, rn, _, _, err := conn.ReadMsgUnix(said, rights)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseSocketControlMessage(rights[:rn])
	if err != nil {
		return nil, err
	}
	if len(messages) == 0 {
		if n > headSize {
			return nil, errors.New(string(said[headSize:n])) // it refuses
		}
		return nil, ErrBroken
	}
	descriptors, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(descriptors) != 1 {
		return nil, errors.Join(err, errors.New("no listener was handed over"))
	}
	f := os.NewFile(uintptr(descriptors[0]), "listener")
	defer f.Close()
	return net.FileListener(f)
}
