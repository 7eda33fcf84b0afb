package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// name is the name of the socket in a data folder.
const name = "control"

// listen opens the socket of a data folder that no other process uses. It replaces the socket of
// a server that was killed.
func listen(folder string) (*net.UnixListener, error) {
	at, done, err := short(folder)
	if err != nil {
		return nil, err
	}
	defer done()
	if found, err := os.Lstat(filepath.Join(at, name)); err == nil && found.IsDir() {
		return nil, fmt.Errorf("%s is a folder: remove it, or move it elsewhere", filepath.Join(folder, name))
	}
	beside := filepath.Join(at, name+".new") // nobody connects before its mode is right
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: beside, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it gets another name
	if err := os.Chmod(beside, 0o600); err != nil {
		return nil, errors.Join(err, l.Close(), os.Remove(beside))
	}
	if err := os.Rename(beside, filepath.Join(at, name)); err != nil {
		return nil, errors.Join(err, l.Close(), os.Remove(beside))
	}
	return l, nil
}

// ErrNobody says that no server listens in a data folder.
var ErrNobody = errors.New("no server listens in the folder")

// ErrEnding is an ErrNobody, too: there is a socket, but its server is ending or was killed.
var ErrEnding = fmt.Errorf("%w now", ErrNobody)

// dial connects to the server of a data folder.
func dial(folder string) (*net.UnixConn, error) {
	at, done, err := short(folder)
	if err != nil {
		return nil, err
	}
	defer done()
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: filepath.Join(at, name), Net: "unix"})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNobody
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, ErrEnding
	}
	return conn, err
}

// Remove removes the socket of a data folder that only this server uses.
func Remove(folder string) { os.Remove(filepath.Join(folder, name)) }

// pathAtMost is the longest path of a socket that all systems accept, with its name.
const pathAtMost = 100

// short returns a short path of a folder, which is valid until done is called. A socket's address
// has only about a hundred bytes.
func short(folder string) (path string, done func(), err error) {
	if len(folder)+len("/"+name+".new") <= pathAtMost {
		return folder, func() {}, nil
	}
	f, err := os.Open(folder)
	if err != nil {
		return "", nil, err
	}
	path = "/proc/self/fd/" + strconv.Itoa(int(f.Fd()))
	if _, err := os.Stat(path); err != nil {
		f.Close()
		return "", nil, errors.New("the path of the folder is too long for a socket: choose a shorter one")
	}
	return path, func() { f.Close() }, nil
}
