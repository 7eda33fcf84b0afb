package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"trunkline/pkg/pbx"
)

// Mask writes a text without what is to be erased; one without it stays as it is.
type Mask func(string) string

// Redaction is what is to be erased from the records of a PBX.
type Redaction struct {
	Mask Mask
	// Concerns tells of a time of receipt whether facts of it are meant.
	Concerns func(received time.Time) bool
	DryRun   bool
}

// Redacted is what a redaction found: how many items of each kind, by the first part of
// their keys; and which days' figures are made of them.
type Redacted struct {
	Items map[string]int
	Days  map[pbx.Day]bool
	Left  map[string]int // items that the operator has written, which stay
}

// Redact erases something from the records of a PBX. What becomes of a fact is what would
// have been recorded if the PBX had sent it so, at the same time, and the days that it
// changes are marked as due before. Figures that are published are redacted as they are. It
// may be broken off anywhere, and done again.
func (s *Store) Redact(ctx context.Context, mac pbx.MAC, r Redaction) (Redacted, error) {
	found := Redacted{Items: map[string]int{}, Days: map[pbx.Day]bool{}, Left: map[string]int{}}
	device, err := s.Device(ctx, mac)
	if err != nil {
		return found, err
	}
	for item, err := range s.table.Query(ctx, Range{PK: string(mac)}) {
		if err == nil {
			err = s.redact(ctx, item, device.Zone, r, &found)
		}
		if err != nil {
			return found, wrap(err, "erase from the records of %s", mac)
		}
	}
	return found, nil
}

func (s *Store) redact(ctx context.Context, item Item, zone pbx.Zone, r Redaction, found *Redacted) error {
	inKey := r.Mask(item.SK) != item.SK
	if !inKey && r.Mask(string(item.Doc)) == string(item.Doc) {
		return nil // as most are
	}
	doc, err := MaskTexts(item.Doc, r.Mask)
	if err != nil || !inKey && bytes.Equal(doc, item.Doc) {
		return err
	}
	kind, _, _ := strings.Cut(item.SK, "#")
	switch kind {
	case callPrefix, callPrefix + utcSuffix:
		return redactFact[*pbx.CallRecord](ctx, s, item, doc, zone, r, found)
	case cdrPrefix, cdrPrefix + utcSuffix:
		return redactFact[*pbx.CDR](ctx, s, item, doc, zone, r, found)
	case ivrPrefix, ivrPrefix + utcSuffix:
		return redactFact[*pbx.IVRStep](ctx, s, item, doc, zone, r, found)
	case extPrefix, extLogPrefix:
		return redactFact[*pbx.ExtensionStatus](ctx, s, item, doc, zone, r, found)
	case livePrefix:
		switch strings.Split(item.SK, "#")[2] {
		case stageBegin:
			return redactFact[*pbx.DialBegin](ctx, s, item, doc, zone, r, found)
		case stageEnd:
			return redactFact[*pbx.DialEnd](ctx, s, item, doc, zone, r, found)
		case stageBridge:
			return redactFact[*pbx.BridgeEnter](ctx, s, item, doc, zone, r, found)
		}
		return redactFact[*pbx.Hangup](ctx, s, item, doc, zone, r, found)
	case signPrefix:
		if strings.HasSuffix(item.SK, "#"+signLogin) {
			return redactFact[*pbx.AgentLogin](ctx, s, item, doc, zone, r, found)
		}
		return redactFact[*pbx.AgentLogoff](ctx, s, item, doc, zone, r, found)
	case kpiPrefix, dayPrefix, restated:
		return s.redactFigures(ctx, item, doc, kind, r, found)
	}
	found.Left[kind]++
	return nil
}

// redactFact replaces a fact by what its masked document says.
func redactFact[E pbx.Event](ctx context.Context, s *Store, item Item, masked []byte, zone pbx.Zone, r Redaction, found *Redacted) error {
	var doc factDoc[E]
	if err := json.Unmarshal(masked, &doc); err != nil {
		return wrap(err, "item of %s", item.PK)
	}
	if !r.Concerns(doc.Received) {
		return nil
	}
	kind, _, _ := strings.Cut(item.SK, "#")
	found.Items[kind]++
	receipt := Receipt{MAC: pbx.MAC(item.PK), At: doc.Received, Index: doc.Index, Zone: zone}
	for _, day := range changedDays(receipt, doc.Event, s.now()) {
		found.Days[day] = true
		if !r.DryRun {
			if _, err := s.markLate(ctx, receipt.MAC, day); err != nil {
				return err
			}
		}
	}
	writes, err := s.writesFor(receipt, doc.Event)
	if err != nil || r.DryRun {
		return err
	}
	for _, w := range writes {
		if !strings.HasPrefix(w.SK, kind+"#") {
			continue // its log is an item of its own
		}
		w.Expires = item.Expires
		if err := s.replace(ctx, item, w); err != nil {
			return err
		}
	}
	return nil
}

// replace writes an item in the place of another one, which may be at the same key. One that
// was replaced meanwhile stays.
func (s *Store) replace(ctx context.Context, old Item, w write) error {
	if w.Key == old.Key {
		return orThere(s.table.Put(ctx, w.Item, Unchanged(old.Version)))
	}
	if err := orThere(s.table.Put(ctx, w.Item, w.Condition)); err != nil {
		return err
	}
	return orThere(s.table.Delete(ctx, old.Key, Unchanged(old.Version)))
}

// redactFigures replaces an item of published figures. Its version still begins with its
// revision.
func (s *Store) redactFigures(ctx context.Context, item Item, doc []byte, kind string, r Redaction, found *Redacted) error {
	found.Items[kind]++
	if r.DryRun {
		return nil
	}
	revision, _, _ := strings.Cut(item.Version, ".")
	next := Item{Key: Key{item.PK, r.Mask(item.SK)}, Version: revision + "." + hash(doc), Expires: item.Expires, Doc: doc}
	return s.replace(ctx, item, write{next, Newer()})
}

// MaskTexts writes a JSON object in canonical form, with all its texts masked. Names of
// members stay, as do numbers.
func MaskTexts(doc []byte, mask Mask) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("mask a document: %w", err)
	}
	if _, ok := value.(map[string]any); !ok {
		return nil, errors.New("mask a document: it is no object")
	}
	return canonicalOf(maskValue(value, mask))
}

func maskValue(value any, mask Mask) any {
	switch v := value.(type) {
	case string:
		return mask(v)
	case []any:
		for i := range v {
			v[i] = maskValue(v[i], mask)
		}
	case map[string]any:
		for name := range v {
			v[name] = maskValue(v[name], mask)
		}
	}
	return value
}
