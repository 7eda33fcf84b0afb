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

// read decodes the events of a delivery. It first removes the content coding from the body, so
// that the archive holds plain bodies. A body whose coding is damaged or unknown stays as it is,
// and is refused. The only error is zycoo.ErrTooLarge.
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

// readBounded stops reading one byte after the largest body.
func readBounded(decoder func(io.Reader) (io.Reader, error), body []byte) ([]byte, error) {
	r, err := decoder(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, zycoo.MaxBody+1))
}

// decoderOf returns the decoder of a coding, or nil if the coding is unknown.
func decoderOf(coding string) func(io.Reader) (io.Reader, error) {
	switch coding {
	case "gzip", "x-gzip":
		return func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case "deflate":
		return inflate
	}
	return nil
}

// inflate reads deflate in zlib's format, as the standard demands, and raw deflate, which some
// senders send instead. No raw deflate begins like zlib's format.
func inflate(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(r)
	head, _ := buffered.Peek(2)
	if len(head) == 2 && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}

// decoded returns how many more bytes a body may need once it is decompressed.
func (d *Delivery) decoded() int {
	if decoderOf(d.coding()) == nil {
		return 0
	}
	return zycoo.MaxBody
}

// refusal returns the outcome of a body that could not be read.
func (d *Delivery) refusal() Outcome {
	if coding := d.coding(); coding != "" && decoderOf(coding) == nil {
		return UnknownCoding
	}
	return Undecodable
}

// noCodings are values of Content-Encoding that need no decoding: identity, and character
// encodings, which some senders put there.
const noCodings = "identity none binary 8bit 7bit utf-8 utf8 gbk gb2312 gb18030"

// coding returns the coding that Content-Encoding names, in lower case. It is empty if there is
// none, and a list if the body was coded more than once.
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

// unread returns a body that could not be read at all.
func unread(format string, args ...any) zycoo.Body {
	return zycoo.Body{Elements: []zycoo.Element{{Err: &zycoo.Error{Reason: fmt.Sprintf(format, args...)}}}}
}

// reason returns why an element is not an event, with the place if it is known.
func reason(err *zycoo.Error) string {
	if err.Line == 0 {
		return err.Reason
	}
	return err.Error()
}
