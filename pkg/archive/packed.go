package archive

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync"

	"trunkline/pkg/pbx"
)

// packedSuffix ends the names of packed objects. Athena, DuckDB and Spark recognize compressed
// lines by it.
const packedSuffix = ".ndjson.gz"

// PackedName names the n-th packed object, from 1, of a PBX's events of one kind and UTC day of
// receipt. It sorts after the names of their single objects, and before those of the next PBX.
func PackedName(kind pbx.Kind, day pbx.Day, mac pbx.MAC, n int) string {
	return fmt.Sprintf("%s%s.%04d%s", RawFolder(kind, day), mac, n, packedSuffix)
}

// writers are reused, since each takes most of a megabyte.
var writers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// Pack compresses lines. The same lines give the same bytes.
func Pack(lines []byte) ([]byte, error) {
	var object bytes.Buffer
	err := PackTo(&object, func(w io.Writer) error {
		_, err := w.Write(lines)
		return err
	})
	return object.Bytes(), err
}

// PackTo compresses what write writes.
func PackTo(out io.Writer, write func(io.Writer) error) error {
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(out)
	if err := errors.Join(write(w), w.Close()); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	return nil
}

// maxUnpacked is the most bytes that the lines of a packed object may have.
const maxUnpacked = 256 << 20

// Unpack returns the lines of a packed object.
func Unpack(object []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(object))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	lines, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	if len(lines) > maxUnpacked {
		return nil, fmt.Errorf("unpack: the lines have more than %d bytes", maxUnpacked)
	}
	return lines, nil
}
