package store

import (
	"context"
	"fmt"
	"iter"

	"trunkline/pkg/pbx"
)

// Checked is how far the published days of a PBX were looked at, from the latest to the
// earliest: whether they were computed by these rules, and in this zone.
type Checked struct {
	Rules int    `json:"rules"`
	Zone  string `json:"zone"` // that the operator has set; empty: none
	// Before is the earliest day that was marked as due; unknown where none was.
	Before pbx.Day `json:"before,omitzero"`
	Done   bool    `json:"done"` // all were looked at
}

// Checked reads how far the published days of a PBX were looked at.
func (s *Store) Checked(ctx context.Context, mac pbx.MAC) (c Checked, err error) {
	_, err = s.load(ctx, checkedKey(mac), &c)
	return c, wrap(err, "read which days of %s were looked at", mac)
}

// SetChecked keeps how far the published days of a PBX were looked at.
func (s *Store) SetChecked(ctx context.Context, mac pbx.MAC, c Checked) error {
	err := s.save(ctx, checkedKey(mac), ownVersion(millis(s.now())), c, Condition{})
	return wrap(err, "keep which days of %s were looked at", mac)
}

// PublishedDay is a day whose figures are published.
type PublishedDay struct {
	Day pbx.Day
	Header
}

// PublishedDays yields the days of a PBX before the given one whose figures are published, the
// latest first; all of them where it is unknown. After an error it ends.
func (s *Store) PublishedDays(ctx context.Context, mac pbx.MAC, before pbx.Day) iter.Seq2[PublishedDay, error] {
	return func(yield func(PublishedDay, error) bool) {
		r := Prefix(string(mac), dayPrefix+"#")
		r.Reverse = true
		if before != 0 {
			r.To = headerKey(mac, before).SK
		}
		for item, err := range s.query(ctx, r) {
			var d PublishedDay
			if err == nil {
				err = unmarshal(item, &d.Header)
			}
			if err == nil {
				d.Day, err = pbx.ParseDay(lastPart(item.SK))
			}
			if err != nil {
				yield(PublishedDay{}, fmt.Errorf("read which days of %s are published: %w", mac, err))
				return
			}
			if d.Revision > 0 && !yield(d, nil) {
				return
			}
		}
	}
}
