package store

import (
	"context"
	"iter"

	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
)

// Checked is how far the published days of a PBX were checked, from the latest to the earliest. A
// check asks whether a day was computed by these rules, and in this zone.
type Checked struct {
	Rules int    `json:"rules"`
	Zone  string `json:"zone"` // that the operator set; empty: not set
	// Before is the earliest day that was marked as due; unknown: no day was.
	Before pbx.Day `json:"before,omitzero"`
	// Waited is how many runs have passed while marked days were not computed.
	Waited int `json:"waited,omitempty"`
	// Skipped reports whether a day could not be checked, so that all are checked again.
	Skipped bool `json:"skipped,omitempty"`
	Done    bool `json:"done"` // all days were checked
}

// Checked reads how far the published days of a PBX were checked.
func (f *Figures) Checked(ctx context.Context, mac pbx.MAC) (c Checked, err error) {
	_, err = f.load(ctx, checkedKey(mac), &c)
	return c, wrap(err, "read which days of %s were checked", mac)
}

// SetChecked keeps how far the published days of a PBX were checked.
func (f *Figures) SetChecked(ctx context.Context, mac pbx.MAC, c Checked) error {
	err := f.save(ctx, checkedKey(mac), ownVersion(millis(f.now())), c, Condition{})
	return wrap(err, "keep which days of %s were checked", mac)
}

// PublishedDay is a day whose figures are published.
type PublishedDay struct {
	Day pbx.Day
	Header
}

// PublishedDays yields the published days of a PBX before the given one, the latest first. If that
// one is unknown, it yields all. A header that can't be read is an *each.Bad. Any other error ends
// the sequence.
func (f *Figures) PublishedDays(ctx context.Context, mac pbx.MAC, before pbx.Day) iter.Seq2[PublishedDay, error] {
	r := Prefix(string(mac), dayPrefix+"#")
	r.Reverse = true
	if before != 0 {
		r.To = headerKey(mac, before).SK
	}
	return f.publishedDays(ctx, r)
}

// publishedDays yields the published days of a range of headers.
func (f *Figures) publishedDays(ctx context.Context, r Range) iter.Seq2[PublishedDay, error] {
	return decoded(ctx, each.Doing("read which days are published", f.query(ctx, r)), func(i Item) (d PublishedDay, err error) {
		if err := unmarshal(i, &d.Header); err != nil {
			return d, err
		}
		if d.Day, err = pbx.ParseDay(lastPart(i.SK)); err != nil {
			return d, err
		}
		if d.Revision == 0 {
			return d, each.ErrNone
		}
		return d, nil
	})
}
