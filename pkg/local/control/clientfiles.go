package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// The requests to a client about a file that it named.
const (
	create  = "create"
	commit  = "commit"
	discard = "discard"
	remove  = "remove"
)

type fileRequest struct {
	Do   string `json:"do"`
	Path string `json:"path"`
}

// clientFiles are the files that a client named, which the client reads and writes with its own
// rights. All others are this process's files.
type clientFiles struct {
	connection
	named map[string][]byte
}

// Read implements Files.
func (f clientFiles) Read(path string) ([]byte, error) {
	content, ok := f.named[path]
	if !ok {
		return OwnFiles{}.Read(path)
	}
	if content == nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
	}
	return content, nil
}

// Create implements Files.
func (f clientFiles) Create(path string) (File, error) {
	if _, ok := f.named[path]; !ok {
		return OwnFiles{}.Create(path)
	}
	if err := f.ask(create, path); err != nil {
		return nil, err
	}
	return &clientFile{stream{f.writing, f.UnixConn, contents}, f, path, false}, nil
}

// Remove implements Files.
func (f clientFiles) Remove(path string) error {
	if _, ok := f.named[path]; !ok {
		return OwnFiles{}.Remove(path)
	}
	return f.ask(remove, path)
}

// ask sends a client a request about a file, and waits for its answer.
func (f clientFiles) ask(do, path string) error {
	text, err := json.Marshal(fileRequest{do, path})
	if err != nil {
		return err
	}
	if err := (stream{f.writing, f.UnixConn, file}).one(text); err != nil {
		return err
	}
	switch answer, ok := <-f.replies; {
	case !ok:
		return errors.New("the client has gone")
	case len(answer) > 0:
		return errors.New(string(answer))
	}
	return nil
}

type clientFile struct {
	io.Writer
	files     clientFiles
	path      string
	committed bool
}

// Commit implements File.
func (f *clientFile) Commit() error {
	f.committed = true
	return f.files.ask(commit, f.path)
}

// Discard implements File.
func (f *clientFile) Discard() {
	if !f.committed {
		f.files.ask(discard, f.path) // otherwise the client removes it when it ends
	}
}

// fileServer does the server's requests about files, for those that the client named.
type fileServer struct {
	files Files
	named map[string][]byte
	open  File // may be nil
	err   error
}

// do does a request, and returns the answer.
func (k *fileServer) do(text []byte) string {
	var r fileRequest
	if err := json.Unmarshal(text, &r); err != nil {
		return err.Error()
	}
	if _, ok := k.named[r.Path]; !ok {
		return fmt.Sprintf("the server asks for %q, which was not named", r.Path)
	}
	if err := k.handle(r); err != nil {
		return err.Error()
	}
	return ""
}

func (k *fileServer) handle(r fileRequest) (err error) {
	switch {
	case r.Do == remove:
		return k.files.Remove(r.Path)
	case r.Do == create:
		k.discard()
		k.open, err = k.files.Create(r.Path)
		return err
	}
	defer k.discard()
	if r.Do != commit || k.open == nil {
		return nil
	}
	if k.err != nil {
		return k.err
	}
	return k.open.Commit()
}

// write writes to the file that was created last. The commit reports errors.
func (k *fileServer) write(content []byte) {
	if k.open != nil && k.err == nil {
		_, k.err = k.open.Write(content)
	}
}

// discard removes a file that was not committed.
func (k *fileServer) discard() {
	if k.open != nil {
		k.open.Discard()
	}
	k.open, k.err = nil, nil
}
