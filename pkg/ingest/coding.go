package ingest

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"slices"
	"strings"

	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
)

// read reads the events of a delivery, and takes the content coding off its body: what is
// kept of it can be read without knowing of codings. A body whose coding is damaged or not
// known stays as it is, and is refused. The only error is zycoo.ErrTooLarge.
func (d *Delivery) read() (zycoo.Body, error) {
	coding := d.coding()
	if coding == "" {
		return zycoo.Decode(d.Body)
	}
	decoder := decoderOf(coding)
	if decoder == nil {
		return unread("the coding %q is not read: gzip and deflate are", pbx.Excerpt(coding)), nil
	}
	plain, err := readBounded(decoder, d.Body)
	switch {
	case len(plain) > zycoo.MaxBody:
		return zycoo.Body{}, zycoo.ErrTooLarge
	case err != nil:
		return unread("the body can't be read as %s: %v", coding, err), nil
	}
	d.Body = plain
	return zycoo.Decode(plain)
}

// readBounded reads no more than tells that a body is too large.
func readBounded(decoder func(io.Reader) (io.Reader, error), body []byte) ([]byte, error) {
	r, err := decoder(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, zycoo.MaxBody+1))
}

// decoderOf returns what undoes a coding, nil where that is not known.
func decoderOf(coding string) func(io.Reader) (io.Reader, error) {
	switch coding {
	case "gzip", "x-gzip":
		return func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case "deflate":
		return inflate
	}
	return nil
}

// inflate reads the standard's deflate, which is in zlib's format, and the bare one that
// some senders take for it. What begins as zlib's format does begins no bare one.
func inflate(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	head, _ := buffered.Peek(2)
	if len(head) == 2 && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}

// decoded is how many bytes a body may come to beside those that are received.
func (d *Delivery) decoded() int {
	if decoderOf(d.coding()) == nil {
		return 0
	}
	return zycoo.MaxBody
}

// refusal is the outcome of what could not be read.
func (d *Delivery) refusal() Outcome {
	if coding := d.coding(); coding != "" && decoderOf(coding) == nil {
		return UnknownCoding
	}
	return Undecodable
}

// noCodings are values of Content-Encoding that change nothing: identity, and character
// encodings, which some senders name there.
const noCodings = "identity none binary 8bit 7bit utf-8 utf8 gbk gb2312 gb18030"

// coding is what the Content-Encoding names, in lower case: empty where that is nothing,
// and more than one name where the body was coded more than once.
func (d *Delivery) coding() string {
	var named []string
	for name := range strings.SplitSeq(strings.ToLower(d.Coding), ",") {
		name = strings.TrimSpace(name)
		if name != "" && !slices.Contains(strings.Fields(noCodings), name) {
			named = append(named, name)
		}
	}
	return strings.Join(named, ", ")
}

// unread is a body of which nothing could be read, at no place in particular.
func unread(format string, args ...any) zycoo.Body {
	return zycoo.Body{Elements: []zycoo.Element{{Err: &zycoo.Error{Reason: fmt.Sprintf(format, args...)}}}}
}

// reason is why an element is no event, with its place if it has one.
func reason(err *zycoo.Error) string {
	if err.Line == 0 {
		return err.Reason
	}
	return err.Error()
}
