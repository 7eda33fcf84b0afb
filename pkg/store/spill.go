package store

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Spilled is a received text that the archive could not take at that time.
type Spilled struct {
	MAC      pbx.MAC
	Received time.Time
	Text     []byte
	Done     bool // it was archived or never acknowledged, and only has to be deleted
	key      Key
	parts    int
	have     int // parts in Text
}

// spillDoc is the document of a spilled text, or of a part of it. A text that is too large for one
// item is split.
type spillDoc struct {
	MAC      pbx.MAC   `json:"mac"`
	Received time.Time `json:"received"`
	Part     int       `json:"part"`
	Parts    int       `json:"parts"`
	Text     string    `json:"text"`
}

// Spill keeps a text until it is archived. When it returns nil, the text is durable. The same text of
// the same PBX and receipt is kept once. The first part is written last, so it is there only if all
// parts are.
func (s *Store) Spill(ctx context.Context, mac pbx.MAC, received time.Time, text []byte) error {
	key := spillKey(mac, received, hash(text))
	pieces := cut(string(text), maxRow/2) // its quotes are escaped
	for part := len(pieces) - 1; part >= 0; part-- {
		doc := spillDoc{mac, received.UTC().Truncate(time.Millisecond), part, len(pieces), pieces[part]}
		if err := s.save(ctx, partKey(key, part), millis(received), doc, Condition{}); err != nil {
			return fmt.Errorf("spill of %s: %w", mac, err)
		}
	}
	return nil
}

// AllSpilled yields the spilled texts, in each partition the oldest first. If a part of a text can't
// be read, the text is an *each.Bad with an *Unreadable, named by its key. Any other error ends the
// sequence.
func (s *Store) AllSpilled(ctx context.Context) iter.Seq2[Spilled, error] {
	return s.textsOf(ctx, s.partitions(ctx, spillPrefix+"#0", "read the spill"))
}

// SpilledIn is AllSpilled of one of the 16 partitions, by its hexadecimal digit.
func (s *Store) SpilledIn(ctx context.Context, digit string) iter.Seq2[Spilled, error] {
	return s.textsOf(ctx, s.partition(ctx, spillPrefix+"#0"+digit, "read the spill"))
}

func (s *Store) textsOf(ctx context.Context, items iter.Seq2[Item, error]) iter.Seq2[Spilled, error] {
	return each.Map(ctx, texts(items), nameOfParts, s.spilled)
}

// texts yields the items of each text together. They are adjacent.
func texts(items iter.Seq2[Item, error]) iter.Seq2[[]Item, error] {
	return func(yield func([]Item, error) bool) {
		var parts []Item
		offer := func() bool {
			of := parts
			parts = nil
			return len(of) == 0 || yield(of, nil)
		}
		for item, err := range items {
			if err == nil && len(parts) > 0 && baseKey(item.Key) == baseKey(parts[0].Key) {
				parts = append(parts, item)
				continue
			}
			if !offer() || err != nil && !yield(nil, err) {
				return
			}
			if err == nil {
				parts = []Item{item}
			}
		}
		offer()
	}
}

// baseKey returns the key of a text's first part, from the key of any part.
func baseKey(k Key) Key {
	parts := strings.Split(k.SK, "#")
	return Key{k.PK, strings.Join(parts[:min(len(parts), 3)], "#")}
}

func nameOfParts(parts []Item) string { return nameOf(parts[0]) }

// spilled joins the parts of a text. If a part is missing, the text is being written or deleted.
// Such a text is skipped for an hour.
func (s *Store) spilled(_ context.Context, parts []Item) (Spilled, error) {
	sp := Spilled{key: baseKey(parts[0].Key)}
	for _, item := range parts {
		doc, err := spillPart(item)
		if err != nil {
			return Spilled{}, &Unreadable{parts, err}
		}
		if sp.parts == 0 {
			sp.MAC, sp.Received, sp.parts = doc.MAC, doc.Received, doc.Parts
		}
		sp.add(doc)
	}
	if sp.Done = sp.have < sp.parts; !sp.Done {
		return sp, nil
	}
	if sp.Text = nil; s.now().Sub(sp.Received) < time.Hour {
		return Spilled{}, each.ErrNone
	}
	return sp, nil
}

// Spilled returns what is known of a spilled text that can't be read. The PBX and the receipt are
// those of its key, and are zero if the key is invalid. The text has its documents, one a line.
func (u *Unreadable) Spilled() (mac pbx.MAC, received time.Time, text []byte) {
	parts := append(strings.Split(u.Items[0].SK, "#"), "")
	if ms, err := strconv.ParseInt(parts[0], 10, 64); err == nil && checkMAC(parts[1]) == nil {
		mac, received = pbx.MAC(parts[1]), time.UnixMilli(ms).UTC()
	}
	for _, item := range u.Items {
		text = append(append(text, item.Doc...), '\n')
	}
	return mac, received, text
}

// spillPart reads a part of a text.
func spillPart(i Item) (spillDoc, error) {
	doc, err := document[spillDoc](i)
	if err != nil {
		return doc, err
	}
	if doc.Parts < 1 || doc.Part < 0 || doc.Part >= doc.Parts || partKey(baseKey(i.Key), doc.Part) != i.Key {
		return doc, fmt.Errorf("item %s: its key is not that of part %d of %d", nameOf(i), doc.Part, doc.Parts)
	}
	return doc, nil
}

func (sp *Spilled) add(doc spillDoc) {
	if doc.Part == sp.have {
		sp.have++
		sp.Text = append(sp.Text, doc.Text...)
	}
}

// Unspill deletes a text that was archived. If a crash leaves a part of it, that is Done.
func (s *Store) Unspill(ctx context.Context, sp Spilled) error {
	for part := sp.parts - 1; part >= 0; part-- {
		if err := s.table.Delete(ctx, partKey(sp.key, part), Condition{}); err != nil {
			return fmt.Errorf("delete from the spill: %w", err)
		}
	}
	return nil
}
