package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"trunkline/pkg/cache"
	"trunkline/pkg/pbx"
)

// Figures keeps the figures of days: their rows and headers, and figures that were replaced. It also
// knows which days are sealed, and which are due.
type Figures struct {
	*base
	marked *cache.Cache[Key, struct{}] // recent marks, which need not be written again
}

// Header describes the figures of a day as a whole. A day without figures has the zero Header.
//
// A revision belongs to the one writer that claimed it. That writer read the records later than
// every writer of an earlier revision. So a higher revision has newer figures, and rows of a lower
// one never replace them.
type Header struct {
	Revision   int64     `json:"revision"`             // of the published figures; 0: none are published
	Claimed    int64     `json:"claimed,omitempty"`    // by a writer that has not published it yet
	Hash       string    `json:"hash,omitempty"`       // of what was published
	ComputedAt time.Time `json:"computed_at,omitzero"` // when the records were read
	// Activity is when the contact-centre calls of the day began.
	Activity pbx.Activity `json:"activity,omitzero"`
	Basis
	// Sealed was known when the figures were published: from the beginning of this day, in UTC,
	// the header's day is sealed. Unknown: never. A changed setting may seal it earlier, so
	// Figures.Sealed decides.
	Sealed  pbx.Day `json:"sealed,omitzero"`
	version string
}

// Basis is what a day's figures were computed by. Figures of the first rules have none.
type Basis struct {
	Rules    int    `json:"rules,omitempty"`    // the version of the rules; absent: the first
	Zone     string `json:"zone,omitempty"`     // of the PBX's clock
	Settings string `json:"settings,omitempty"` // of the operator, as text
}

// firstRules is the version of the rules in a header that names no version.
const firstRules = 1

// RulesVersion returns the version of the rules, from 1.
func (b Basis) RulesVersion() int { return max(firstRules, b.Rules) }

// Header reads a day's header.
func (f *Figures) Header(ctx context.Context, mac pbx.MAC, day pbx.Day) (Header, error) {
	var h Header
	version, err := f.load(ctx, headerKey(mac, day), &h)
	if err != nil {
		return Header{}, fmt.Errorf("read the header of %s of %s: %w", day, mac, err)
	}
	h.version = version
	return h, nil
}

// Current reports whether a day's header is still as it was read.
func (f *Figures) Current(ctx context.Context, mac pbx.MAC, day pbx.Day, h Header) (bool, error) {
	now, err := f.Header(ctx, mac, day)
	return now.version == h.version, err
}

// Claim takes the next revision of a day's figures. If the header has changed since h was read, it
// returns ErrCondition: another writer was faster, and the caller must read the records again.
func (f *Figures) Claim(ctx context.Context, mac pbx.MAC, day pbx.Day, h Header) (Header, error) {
	next := h
	next.Claimed = max(h.Revision, h.Claimed) + 1
	return f.putHeader(ctx, mac, day, h, next)
}

// Publish makes a claimed revision the valid one, and keeps when the day is sealed. Of published it
// uses Hash, ComputedAt, Activity and Basis. If the claim no longer holds, it returns ErrCondition.
func (f *Figures) Publish(ctx context.Context, mac pbx.MAC, day pbx.Day, claim, published Header) (Header, error) {
	published.Revision, published.Claimed = claim.Claimed, 0
	published.Sealed = f.sealedFrom(day, claim)
	published.ComputedAt = published.ComputedAt.UTC().Truncate(time.Millisecond)
	return f.putHeader(ctx, mac, day, claim, published)
}

// Activity returns when the calls of the published days from first to last began.
func (f *Figures) Activity(ctx context.Context, mac pbx.MAC, first, last pbx.Day) (calls pbx.Activity, err error) {
	for item, err := range f.query(ctx, headersOf(mac, first, last)) {
		if err != nil {
			return pbx.Activity{}, fmt.Errorf("read the headers of %s: %w", mac, err)
		}
		var h Header
		if err := unmarshal(item, &h); err != nil {
			return pbx.Activity{}, fmt.Errorf("read the headers of %s: %w", mac, err)
		}
		calls = calls.Then(h.Activity)
	}
	return calls, nil
}

func (f *Figures) putHeader(ctx context.Context, mac pbx.MAC, day pbx.Day, was, next Header) (Header, error) {
	next.version = ownVersion(digits(max(next.Revision, next.Claimed)))
	if err := f.save(ctx, headerKey(mac, day), next.version, next, stillAt(was.version)); err != nil {
		return Header{}, fmt.Errorf("write the header of %s of %s: %w", day, mac, err)
	}
	return next, nil
}

// Row is one row of a day's figures.
type Row struct {
	Scope Scope
	Name  string // of the queue or agent, by pbx.ShortName
	Computed
}

// Computed is the document of a row.
type Computed struct {
	Revision   int64           `json:"revision"`
	ComputedAt time.Time       `json:"computed_at"`
	Row        json.RawMessage `json:"row"` // a JSON object
}

// Scope is what a row is about.
type Scope string

// The scopes of rows.
const (
	ScopePBX   Scope = "P"
	ScopeQueue Scope = "Q"
	ScopeAgent Scope = "A"
)

// key returns the part of a sort key that names the row.
func (r Row) key() string {
	if r.Scope == ScopePBX {
		return string(ScopePBX)
	}
	return join(string(r.Scope), r.Name)
}

// PutRow stores a row, and replaces one of a lower revision. One of a higher revision stays, which is
// no error.
func (f *Figures) PutRow(ctx context.Context, mac pbx.MAC, day pbx.Day, r Row) error {
	err := f.putParts(ctx, r.Computed, Newer(), func(part int) Key { return rowKey(mac, day, r.key(), part) })
	return wrap(err, "write row %s of %s of %s", r.key(), day, mac)
}

// putParts stores the document of a row under as many keys as it needs. If the condition does not
// hold, the stored row serves as well.
func (f *Figures) putParts(ctx context.Context, row Computed, c Condition, key func(part int) Key) error {
	items, err := itemsOf(row, key)
	if err != nil {
		return err
	}
	for _, item := range items {
		if err := orThere(f.table.Put(ctx, item, c)); err != nil {
			return err
		}
	}
	return nil
}

// DropRows deletes the rows of revisions below the given one.
func (f *Figures) DropRows(ctx context.Context, mac pbx.MAC, day pbx.Day, revision int64) error {
	for item, err := range f.table.Query(ctx, rowsOf(mac, day)) {
		if err != nil {
			return fmt.Errorf("drop old rows of %s of %s: %w", day, mac, err)
		}
		if item.Version >= digits(revision) {
			continue
		}
		if err := orThere(f.table.Delete(ctx, item.Key, Unchanged(item.Version))); err != nil {
			return fmt.Errorf("drop old rows of %s of %s: %w", day, mac, err)
		}
	}
	return nil
}

// Rows yields the rows of a day's figures: agents, the PBX, queues; each by name. An error ends the
// sequence.
func (f *Figures) Rows(ctx context.Context, mac pbx.MAC, day pbx.Day) iter.Seq2[Row, error] {
	return f.rows(ctx, rowsOf(mac, day), 2)
}

func rowsOf(mac pbx.MAC, day pbx.Day) Range {
	return Prefix(string(mac), join(kpiPrefix, day.String())+"#")
}

// rows yields the rows of a range. The names of rows follow after skip parts of their keys.
func (f *Figures) rows(ctx context.Context, r Range, skip int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		begun := map[string]*rowDoc{} // rows in several items, by their names
		for item, err := range f.query(ctx, r) {
			if err != nil {
				yield(Row{}, err)
				return
			}
			var doc rowDoc
			if err := unmarshal(item, &doc); err != nil {
				yield(Row{}, err)
				return
			}
			row := rowNamed(strings.Split(item.SK, "#")[skip:], doc)
			if doc.Parts > 0 {
				whole := joinParts(begun, row.key(), doc)
				if whole == nil {
					continue
				}
				row.Computed = *whole
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// joinParts adds a part to its row, and returns the row once it is complete. It drops a row with
// parts of different revisions, since that row is being written.
func joinParts(begun map[string]*rowDoc, name string, part rowDoc) *Computed {
	row := begun[name]
	if part.Part == 0 {
		row = &part
		begun[name] = row
	} else if row == nil || row.Revision != part.Revision || row.Part != part.Part-1 {
		delete(begun, name)
		return nil
	} else {
		row.Text, row.Part = row.Text+part.Text, part.Part
	}
	if row.Part < row.Parts-1 {
		return nil
	}
	delete(begun, name)
	row.Row = json.RawMessage(row.Text)
	return &row.Computed
}

func rowNamed(parts []string, doc rowDoc) Row {
	r := Row{Scope: Scope(parts[0]), Computed: doc.Computed}
	if r.Scope != ScopePBX {
		r.Name = unescape(parts[1])
	}
	return r
}

// rowDoc is the stored form of a row. A row that is too large for one item is split: each item has a
// part of its text.
type rowDoc struct {
	Computed
	Part  int    `json:"part,omitempty"`
	Parts int    `json:"parts,omitempty"`
	Text  string `json:"text,omitempty"`
}

// maxRow is the most bytes of a row that one item holds.
const maxRow = MaxDoc - 1<<10

// itemsOf returns a row as one item, or as several.
func itemsOf(c Computed, at func(part int) Key) ([]Item, error) {
	row, err := Canonical(c.Row)
	if err != nil {
		return nil, err
	}
	c.Row = row
	if len(row) <= maxRow {
		item, err := rowItem(at(0), c.Revision, rowDoc{Computed: c})
		return []Item{item}, err
	}
	chunks := cut(string(row), maxRow/2) // its quotes are escaped
	c.Row = nil
	items := make([]Item, len(chunks))
	for i, chunk := range chunks {
		items[i], err = rowItem(at(i), c.Revision, rowDoc{Computed: c, Part: i, Parts: len(chunks), Text: chunk})
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

func rowItem(k Key, revision int64, doc rowDoc) (Item, error) {
	text, err := canonicalOf(doc)
	return Item{Key: k, Version: digits(revision), Doc: text}, err
}

// cut splits a text into pieces of at most size bytes, and never within a character.
func cut(text string, size int) (pieces []string) {
	for len(text) > size {
		end := size
		for !utf8.RuneStart(text[end]) {
			end--
		}
		pieces, text = append(pieces, text[:end]), text[end:]
	}
	return append(pieces, text)
}
