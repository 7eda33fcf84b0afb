package store

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// Spilled is text that the archive could not take when it was received.
type Spilled struct {
	MAC      pbx.MAC
	Received time.Time
	Text     []byte
	Done     bool // it was handed on or never acknowledged, and only has to be dropped
	key      Key
	parts    int
	have     int // parts in Text
}

// spillDoc is the form of a spilled text's documents. One that is too large for one item
// goes on in others.
type spillDoc struct {
	MAC      pbx.MAC   `json:"mac"`
	Received time.Time `json:"received"`
	Part     int       `json:"part"`
	Parts    int       `json:"parts"`
	Text     string    `json:"text"`
}

// Spill keeps text until somebody hands it on. When it returns nil, that is durable. The
// same text, of the same PBX and receipt, is kept once. Its first part is written last:
// where it is, all are.
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

// AllSpilled yields what is spilled, the oldest of each partition first. After an error it
// ends.
func (s *Store) AllSpilled(ctx context.Context) iter.Seq2[Spilled, error] {
	return func(yield func(Spilled, error) bool) {
		for _, digit := range "0123456789abcdef" {
			var next Spilled
			for item, err := range s.table.Query(ctx, Range{PK: spillPrefix + "#0" + string(digit)}) {
				var doc spillDoc
				if err == nil {
					err = unmarshal(item, &doc)
				}
				if err != nil {
					yield(Spilled{}, fmt.Errorf("read the spill: %w", err))
					return
				}
				if begun := next.continues(item, doc); !begun {
					if !next.offer(s.now(), yield) {
						return
					}
					next = Spilled{MAC: doc.MAC, Received: doc.Received, key: baseKey(item.Key, doc.Part), parts: doc.Parts}
				}
				next.add(doc)
			}
			if !next.offer(s.now(), yield) {
				return
			}
		}
	}
}

// baseKey is the key of the first part of what an item is a part of.
func baseKey(k Key, part int) Key {
	if part > 0 {
		k.SK = k.SK[:strings.LastIndexByte(k.SK, '#')]
	}
	return k
}

// continues tells whether an item is a further part of the text.
func (sp *Spilled) continues(i Item, doc spillDoc) bool {
	return sp.parts > 0 && baseKey(i.Key, doc.Part) == sp.key
}

func (sp *Spilled) add(doc spillDoc) {
	if doc.Part == sp.have {
		sp.have++
		sp.Text = append(sp.Text, doc.Text...)
	}
}

// offer yields the text, where there is one, and tells whether to go on. A part is missing
// of what is being dropped, or written: that one is left alone for an hour.
func (sp *Spilled) offer(now time.Time, yield func(Spilled, error) bool) bool {
	if sp.parts == 0 {
		return true
	}
	if sp.Done = sp.have < sp.parts; sp.Done {
		if now.Sub(sp.Received) < time.Hour {
			return true
		}
		sp.Text = nil
	}
	return yield(*sp, nil)
}

// Unspill drops text that was handed on. What a crash leaves of it is Done.
func (s *Store) Unspill(ctx context.Context, sp Spilled) error {
	for part := sp.parts - 1; part >= 0; part-- {
		if err := s.table.Delete(ctx, partKey(sp.key, part), Condition{}); err != nil {
			return fmt.Errorf("drop from the spill: %w", err)
		}
	}
	return nil
}
