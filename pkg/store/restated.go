package store

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Restatement says which published figures of a day were replaced, and why.
type Restatement struct {
	Revision   int64     `json:"revision"` // that was replaced
	ComputedAt time.Time `json:"computed_at"`
	ReplacedAt time.Time `json:"replaced_at"`
	// Late is how many records were received after the replaced figures were computed.
	// LateRecords names some of them, by pbx.ShortName.
	Late        int64        `json:"late"`
	LateRecords []LateRecord `json:"late_records,omitempty"`
	// Causes are what has changed. They are missing if an earlier version of this program
	// replaced the figures.
	Causes []Cause `json:"causes,omitempty"`
}

// Cause is why published figures were replaced.
type Cause string

// The causes.
const (
	CauseLateRecord     Cause = "late record"
	CauseSettingChanged Cause = "setting changed" // or the inferred zone
	CauseRuleChanged    Cause = "rule changed"    // the same records give other figures
)

// LateRecord names a record that was received after its day's figures were published.
type LateRecord struct {
	Kind     pbx.Kind      `json:"kind"`
	ID       string        `json:"id"` // uuid or uniqueid
	Queue    string        `json:"queue,omitempty"`
	Agent    string        `json:"agent,omitempty"`
	Start    pbx.LocalTime `json:"start"`
	Received time.Time     `json:"received"`
}

// Restate keeps the published rows of a day before they are replaced. It writes the restatement
// last, so that its presence says that all rows are kept. A kept row is never overwritten, since the
// published rows may have been replaced meanwhile.
func (f *Figures) Restate(ctx context.Context, mac pbx.MAC, day pbx.Day, r Restatement) error {
	key := restatedKey(mac, day, r.Revision)
	if _, err := f.table.Get(ctx, key); !errors.Is(err, ErrNotFound) {
		return wrap(err, "read whether %s of %s is restated", day, mac)
	}
	for row, err := range f.Rows(ctx, mac, day) {
		if err != nil {
			return wrap(err, "keep the rows of %s of %s", day, mac)
		}
		if row.Revision > r.Revision {
			return nil // another writer has kept them, and begun to replace them
		}
		kept := Key{string(mac), key.SK + "#" + row.key()}
		err := f.putParts(ctx, row.Computed, Absent(), func(part int) Key { return partKey(kept, part) })
		if err != nil {
			return wrap(err, "keep the rows of %s of %s", day, mac)
		}
	}
	r.LateRecords = namedRecords(r.LateRecords)
	err := f.save(ctx, key, ownVersion(digits(r.Revision)), r, Absent())
	return wrap(orThere(err), "restate %s of %s", day, mac)
}

// maxNamed is how many bytes the late records of a restatement may take together.
const maxNamed = MaxDoc / 2

// namedRecords returns as many late records as a restatement has room for. It shortens their names,
// since PBXs decide how long an ID is.
func namedRecords(late []LateRecord) []LateRecord {
	var named []LateRecord
	size := 0
	for _, l := range late {
		l.ID, l.Queue, l.Agent = pbx.ShortName(l.ID), pbx.ShortName(l.Queue), pbx.ShortName(l.Agent)
		text, err := marshal(l)
		if size += len(text) + 1; err != nil || size > maxNamed {
			break
		}
		named = append(named, l)
	}
	return named
}

// Restatements yields the restatements of a day, in the order of revisions. One that can't be read
// is an *each.Bad. Any other error ends the sequence.
func (f *Figures) Restatements(ctx context.Context, mac pbx.MAC, day pbx.Day) iter.Seq2[Restatement, error] {
	prefix := join(restated, day.String()) + "#"
	items := each.Where(f.query(ctx, Prefix(string(mac), prefix)), func(i Item) bool {
		return !strings.Contains(i.SK[len(prefix):], "#") // else it is a row
	})
	return decoded(ctx, items, document[Restatement])
}

// RestatedRows yields the rows of a replaced revision of a day, as Rows does.
func (f *Figures) RestatedRows(ctx context.Context, mac pbx.MAC, day pbx.Day, revision int64) iter.Seq2[Row, error] {
	return f.rows(ctx, Prefix(string(mac), restatedKey(mac, day, revision).SK+"#"), 3)
}
