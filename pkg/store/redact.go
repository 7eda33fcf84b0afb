package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Mask returns the text of a member without what is erased. Other texts stay as they are.
type Mask func(member, text string) string

// Redaction says what to erase from the records of a PBX.
type Redaction struct {
	Mask Mask
	// May is a quick check of a document or key. It returns false only if Mask changes nothing in it.
	May func(text string) bool
	// Concerns reports whether facts of a time of receipt are erased.
	Concerns func(received time.Time) bool
	// Gone reports whether a fact is deleted as a whole, since the archive no longer has its
	// event. It may be nil.
	Gone   func(ContentHash) bool
	DryRun bool
	// Report is called for each item that had the text, one at a time, when the item is done.
	Report func(Redacted)
}

// Redacted is an item that had the text to erase.
type Redacted struct {
	Kind     string // the first part of its key
	SK       string
	Received time.Time // of a fact
	Doc      []byte    // as it was
	// Left reports that the item stays, since the operator wrote it.
	Left bool
	Days []pbx.Day // whose figures are made of it
	Err  error     // why it was not erased
}

// ContentHash identifies the content of an event.
type ContentHash string

// HashOf returns the hash of an event's content.
func HashOf(e pbx.Event) (ContentHash, error) {
	f, err := newFact(Origin{}, e)
	return ContentHash(f.hash), err
}

// contentOf returns the hash of the content of a fact's item.
func contentOf(i Item) ContentHash {
	return ContentHash(i.Version[strings.LastIndexByte(i.Version, '.')+1:])
}

// Redact erases something from the records of a PBX. A redacted fact is what would have been recorded
// if the PBX had sent the masked event at the same time. The days that it changes are marked as due
// first. Published figures are masked in place.
//
// An interrupted Redact can be repeated. If an item can't be read or replaced, the others are still
// redacted.
func (s *Store) Redact(ctx context.Context, mac pbx.MAC, r Redaction) error {
	zone, err := s.zoneSet(ctx, mac)
	if err != nil {
		return wrap(err, "erase from the records of %s", mac)
	}
	items := each.Loop[Item]{Of: "items of a PBX", Name: func(i Item) string { return i.SK }}
	return items.Do(ctx, s.table.Query(ctx, Range{PK: string(mac)}), func(ctx context.Context, item Item) error {
		return s.redact(ctx, item, zone, r)
	})
}

// zoneSet returns the zone that is set for a PBX. It is unknown if the settings can't be read: then
// Redact still erases.
func (s *Store) zoneSet(ctx context.Context, mac pbx.MAC) (pbx.Zone, error) {
	d, err := s.Device(ctx, mac)
	if errors.Is(err, ErrNotUnderstood) {
		err = nil
	}
	return d.Zone, err
}

func (s *Store) redact(ctx context.Context, item Item, zone pbx.Zone, r Redaction) error {
	if !r.May(item.SK) && !r.May(string(item.Doc)) && (r.Gone == nil || !r.Gone(contentOf(item))) {
		return nil // most items
	}
	kind, _, _ := strings.Cut(item.SK, "#")
	found := Redacted{Kind: kind, SK: item.SK, Doc: item.Doc}
	replace, err := s.redacted(item, zone, r, &found)
	if err != nil {
		found.Err = err
		r.Report(found)
		return err
	}
	if replace == nil && !found.Left {
		return nil
	}
	if replace != nil && !r.DryRun {
		found.Err = replace(ctx)
	}
	r.Report(found)
	return found.Err
}

// redacted returns the function that replaces an item by its redacted one; nil if the item stays.
func (s *Store) redacted(item Item, zone pbx.Zone, r Redaction, found *Redacted) (func(context.Context) error, error) {
	switch found.Kind {
	case callPrefix, callPrefix + utcSuffix:
		return redactedFact[*pbx.CallRecord](s, item, zone, r, found)
	case cdrPrefix, cdrPrefix + utcSuffix:
		return redactedFact[*pbx.CDR](s, item, zone, r, found)
	case ivrPrefix, ivrPrefix + utcSuffix:
		return redactedFact[*pbx.IVRStep](s, item, zone, r, found)
	case extPrefix, extLogPrefix:
		return redactedFact[*pbx.ExtensionStatus](s, item, zone, r, found)
	case livePrefix:
		return s.redactedLive(item, zone, r, found)
	case signPrefix:
		if strings.HasSuffix(item.SK, "#"+signLogin) {
			return redactedFact[*pbx.AgentLogin](s, item, zone, r, found)
		}
		return redactedFact[*pbx.AgentLogoff](s, item, zone, r, found)
	case kpiPrefix, dayPrefix, restated:
		return s.redactedFigures(item, r)
	}
	doc, err := MaskTexts(item.Doc, r.Mask)
	found.Left = err == nil && !bytes.Equal(doc, item.Doc)
	return nil, err
}

func (s *Store) redactedLive(item Item, zone pbx.Zone, r Redaction, found *Redacted) (func(context.Context) error, error) {
	parts := strings.Split(item.SK, "#")
	if len(parts) < 3 {
		return nil, fmt.Errorf("item %s has no stage", item.SK)
	}
	switch parts[2] {
	case stageBegin:
		return redactedFact[*pbx.DialBegin](s, item, zone, r, found)
	case stageEnd:
		return redactedFact[*pbx.DialEnd](s, item, zone, r, found)
	case stageBridge:
		return redactedFact[*pbx.BridgeEnter](s, item, zone, r, found)
	}
	return redactedFact[*pbx.Hangup](s, item, zone, r, found)
}

// redactedFact returns the function that replaces a fact by that of its masked event.
func redactedFact[E pbx.Event](s *Store, item Item, zone pbx.Zone, r Redaction, found *Redacted) (func(context.Context) error, error) {
	doc, err := factOf[E](item)
	if err != nil {
		return nil, err
	}
	masked, changed, err := Masked(doc.Event, r.Mask)
	gone := r.Gone != nil && r.Gone(contentOf(item))
	if err != nil || !changed && !gone || !r.Concerns(doc.Received) {
		return nil, err
	}
	origin := Origin{MAC: pbx.MAC(item.PK), At: doc.Received, Index: doc.Index, Zone: zone}
	found.Received, found.Days = doc.Received, changedDays(origin, doc.Event, s.now())
	return func(ctx context.Context) error {
		if _, err := s.markChanged(ctx, origin, doc.Event); err != nil {
			return err
		}
		if gone {
			return orThere(s.table.Delete(ctx, item.Key, Unchanged(item.Version)))
		}
		return s.replaceFact(ctx, item, origin, masked)
	}, nil
}

func (s *Store) replaceFact(ctx context.Context, item Item, origin Origin, masked pbx.Event) error {
	writes, err := s.writesFor(origin, masked)
	if err != nil {
		return err
	}
	kind, _, _ := strings.Cut(item.SK, "#")
	for _, w := range writes {
		if !strings.HasPrefix(w.SK, kind+"#") {
			continue // its log has its own item
		}
		w.Expires = item.Expires
		if err := s.replace(ctx, item, w); err != nil {
			return err
		}
	}
	return nil
}

// replace writes an item in place of an old one, perhaps at the same key. If another writer has
// replaced the old one meanwhile, that stays.
func (s *Store) replace(ctx context.Context, old Item, w write) error {
	if w.Key == old.Key {
		return orThere(s.table.Put(ctx, w.Item, Unchanged(old.Version)))
	}
	if err := orThere(s.table.Put(ctx, w.Item, w.Condition)); err != nil {
		return err
	}
	return orThere(s.table.Delete(ctx, old.Key, Unchanged(old.Version)))
}

// redactedFigures returns the function that replaces an item of published figures. Its version still
// begins with its revision.
func (s *Store) redactedFigures(item Item, r Redaction) (func(context.Context) error, error) {
	doc, err := MaskTexts(item.Doc, r.Mask)
	key := Key{item.PK, maskedRow(item.SK, r.Mask)}
	if err != nil || key == item.Key && bytes.Equal(doc, item.Doc) {
		return nil, err
	}
	return func(ctx context.Context) error {
		revision, _, _ := strings.Cut(item.Version, ".")
		next := Item{Key: key, Version: revision + "." + hash(doc), Expires: item.Expires, Doc: doc}
		return s.replace(ctx, item, write{next, Newer()})
	}, nil
}

// maskedRow returns the key of a row with its name masked. The name follows the scope.
func maskedRow(sk string, mask Mask) string {
	parts := strings.Split(sk, "#")
	for i := 2; i < len(parts)-1; i++ {
		if scope := Scope(parts[i]); scope == ScopeQueue || scope == ScopeAgent {
			parts[i+1] = mask("name", parts[i+1])
			break
		}
	}
	return strings.Join(parts, "#")
}

// Masked returns an event with all its texts masked, as it would be read if the PBX had sent it so.
// changed reports whether it differs.
func Masked(event pbx.Event, mask Mask) (masked pbx.Event, changed bool, err error) {
	was, err := canonicalOf(event)
	if err != nil {
		return event, false, err
	}
	is, err := MaskTexts(was, mask)
	if err != nil || bytes.Equal(was, is) {
		return event, false, err
	}
	masked = reflect.New(reflect.TypeOf(event).Elem()).Interface().(pbx.Event)
	if err := json.Unmarshal(is, masked); err != nil {
		return event, false, fmt.Errorf("mask an event: %w", err)
	}
	switch e := masked.(type) {
	case *pbx.CallRecord:
		readAgent(&e.Agent, &e.AgentSent)
	case *pbx.AgentLogin:
		readAgent(&e.Agent, &e.AgentSent)
	case *pbx.AgentLogoff:
		readAgent(&e.Agent, &e.AgentSent)
	}
	return masked, true, nil
}

// readAgent reads the agent from what the PBX sent.
func readAgent(agent, sent *string) {
	if *sent == "" {
		return
	}
	if *agent = pbx.AgentCode(*sent); *agent == *sent {
		*sent = ""
	}
}

// MaskTexts returns a JSON object in canonical form, with its texts and the names of its members
// masked. Numbers stay, as do times and hashes that this package wrote.
func MaskTexts(doc []byte, mask Mask) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("mask a document: %w", err)
	}
	if _, ok := value.(map[string]any); !ok {
		return nil, errors.New("mask a document: it is not an object")
	}
	return canonicalOf(maskValue("", value, mask))
}

// isOwn reports whether a member of a document holds a time, a day or a hash.
func isOwn(member string) bool {
	switch member {
	case "start", "end", "answer", "timestamp", "received", "at", "since", "day", "before", "sealed",
		"computed_at", "replaced_at", "first", "last", "hash":
		return true
	}
	return false
}

func maskValue(member string, value any, mask Mask) any {
	switch v := value.(type) {
	case string:
		if isOwn(member) {
			return v
		}
		return mask(member, v)
	case []any:
		for i := range v {
			v[i] = maskValue(member, v[i], mask)
		}
	case map[string]any:
		if name, text, ok := memberOf(v); ok { // that this version does not know
			return map[string]any{"name": mask("name", name), "value": mask(name, text)}
		}
		return maskMembers(v, mask)
	}
	return value
}

// memberOf reads an object as a pbx.Member.
func memberOf(object map[string]any) (name, value string, ok bool) {
	name, hasName := object["name"].(string)
	value, hasValue := object["value"].(string)
	return name, value, hasName && hasValue && len(object) == 2
}

// maskMembers masks an object. If members then have the same name, it adds their counts.
func maskMembers(object map[string]any, mask Mask) map[string]any {
	masked := map[string]any{}
	for name, value := range object {
		next := maskValue(name, value, mask)
		name = mask("name", name)
		if other, ok := masked[name].(json.Number); ok {
			next = sum(other, next)
		}
		masked[name] = next
	}
	return masked
}

func sum(a json.Number, other any) any {
	b, ok := other.(json.Number)
	x, err := a.Int64()
	if err != nil || !ok {
		return other
	}
	y, err := b.Int64()
	if err != nil {
		return other
	}
	return json.Number(fmt.Sprint(x + y))
}
