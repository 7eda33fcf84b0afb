package redrive

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// Spilled is what one store keeps for the other: events of one delivery.
type Spilled struct {
	Where    string    `json:"where"` // the store that keeps it: table or archive
	Received time.Time `json:"received,omitzero"`
	MAC      pbx.MAC   `json:"mac,omitempty"`
	Events   int       `json:"events"`
	Kinds    []string  `json:"kinds"`
	Tries    int       `json:"tries"`
	Bytes    int       `json:"bytes"`
	Name     string    `json:"name,omitempty"` // in the archive
}

// List yields what the table keeps for the archive, then what the archive keeps for the table.
func List(ctx context.Context, s *store.Store, b archive.Bucket) iter.Seq2[Spilled, error] {
	texts := each.Map(ctx, s.AllSpilled(ctx), each.Text, func(_ context.Context, sp store.Spilled) (Spilled, error) {
		if sp.Done {
			return Spilled{}, each.ErrNone
		}
		found := newSpilled("table", sp.Text)
		found.MAC, found.Received = sp.MAC, sp.Received
		return found, nil
	})
	objects := each.Map(ctx, b.List(ctx, archive.SpillPrefix, ""), each.Text, func(ctx context.Context, name string) (Spilled, error) {
		lines, err := b.Get(ctx, name)
		if errors.Is(err, fs.ErrNotExist) { // handed on in the meantime
			err = each.ErrNone
		}
		found := newSpilled("archive", lines)
		found.Name, found.Tries = name, Tries(name)
		return found, err
	})
	return each.Join(texts, objects)
}

// newSpilled describes the envelopes in lines.
func newSpilled(where string, lines []byte) Spilled {
	s := Spilled{Where: where, Bytes: len(lines), Kinds: []string{}}
	for line := range bytes.Lines(lines) {
		s.Events++
		receipt, err := archive.ParseReceipt(line)
		if err == nil && s.MAC == "" {
			s.MAC, s.Received = receipt.MAC, receipt.Received
		}
		if kind := cmp.Or(string(receipt.Kind), "unreadable"); !slices.Contains(s.Kinds, kind) {
			s.Kinds = append(s.Kinds, kind)
		}
	}
	return s
}
