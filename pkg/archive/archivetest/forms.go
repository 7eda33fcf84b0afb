package archivetest

import (
	"bytes"
	"context"
	"embed"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

// PreviousDays are the UTC days of receipt of the events in Previous.
func PreviousDays() (first, last pbx.Day) {
	return pbx.UTCDay(keptAt) - 3, pbx.UTCDay(keptAt) - 2 // 20 and 21 November 2026
}

//go:embed testdata/previous
var previous embed.FS

// Previous returns an archive of a few events, as versions before shared objects wrote it.
func Previous(t testing.TB) *Memory {
	t.Helper()
	const folder = "testdata/previous"
	m := NewMemory()
	err := fs.WalkDir(previous, folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := previous.ReadFile(name)
		if err != nil {
			return err
		}
		return m.Put(context.Background(), strings.TrimPrefix(name, folder+"/"), body)
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Forms returns the archive of Previous in each form that raw/ may have.
func Forms(t testing.TB) map[string]*Memory {
	t.Helper()
	return map[string]*Memory{
		"single and packed objects": Previous(t),
		"segments, one with a torn end": relaid(t, func(m *Memory, kind pbx.Kind, day pbx.Day, lines [][]byte) error {
			return m.Put(context.Background(), archive.RawFolder(kind, day)+"segment.0001.ndjson", append(bytes.Join(lines, nil), `{"id":"68692e`...))
		}),
		"compressed in two members, a day late": relaid(t, func(m *Memory, kind pbx.Kind, day pbx.Day, lines [][]byte) error {
			first, err := archive.Pack(lines[0])
			if err != nil {
				return err
			}
			rest, err := archive.Pack(bytes.Join(lines[1:], nil))
			if err != nil {
				return err
			}
			return m.Put(context.Background(), archive.RawFolder(kind, day+1)+"2026/11/21/00/stream-1-2026", slices.Concat(first, rest))
		}),
		"as they came, in deeper folders, twice": relaid(t, func(m *Memory, kind pbx.Kind, day pbx.Day, lines [][]byte) error {
			for _, name := range []string{"2026/11/20/23/stream", "2026/11/21/00/stream.gz"} {
				if err := m.Put(context.Background(), archive.RawFolder(kind, day)+name, bytes.Join(lines, nil)); err != nil {
					return err
				}
			}
			return nil
		}),
	}
}

// relaid returns the archive of Previous, with the lines of each kind and day as put puts them.
func relaid(t testing.TB, put func(m *Memory, kind pbx.Kind, day pbx.Day, lines [][]byte) error) *Memory {
	t.Helper()
	from, m := Previous(t), Previous(t)
	for name := range from.objects {
		if strings.HasPrefix(name, archive.RawPrefix) {
			delete(m.objects, name)
		}
	}
	first, last := PreviousDays()
	for _, kind := range pbx.Kinds() {
		for day := first; day <= last; day++ {
			var lines [][]byte
			for line, err := range (archive.Part{Kinds: []pbx.Kind{kind}, First: day, Last: day}).Lines(context.Background(), from) {
				if err != nil {
					t.Fatal(err)
				}
				lines = append(lines, line.Text)
			}
			if len(lines) == 0 {
				continue
			}
			if err := put(m, kind, day, lines); err != nil {
				t.Fatal(err)
			}
		}
	}
	return m
}
