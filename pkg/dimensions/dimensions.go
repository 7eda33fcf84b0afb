package dimensions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/curated"
	"trunkline/pkg/retry"
	"trunkline/pkg/store"
)

// Publisher publishes the tables of dimensions. It is safe for concurrent use, by many processes.
type Publisher struct {
	store  *store.Store
	bucket archive.Bucket
	now    func() time.Time
}

// New makes a Publisher that reads the operator's settings from a store and publishes in a
// bucket.
func New(s *store.Store, b archive.Bucket, now func() time.Time) *Publisher {
	return &Publisher{s, b, now}
}

// Report is what a run did.
type Report struct {
	PBXs     int      // on the fleet list
	Rows     int      // of all tables
	Replaced []string // tables whose rows had changed
}

// Run publishes the tables that have changed. It returns a Report even if it fails. If each.Only
// reports true for the error, all is published except the news of the PBXs that the error names.
func (p *Publisher) Run(ctx context.Context) (report Report, err error) {
	err = retry.OnConflict(ctx, archive.ErrChanged, func() error {
		replaced, err := p.try(ctx, &report)
		report.Replaced = append(report.Replaced, replaced...)
		return err
	})
	if err != nil {
		return report, fmt.Errorf("publish the dimensions: %w", err)
	}
	return report, nil
}

// published is a file that exists already.
type published struct {
	tag, content string
	body         []byte
}

// try publishes once. The error archive.ErrChanged means that another run was faster.
func (p *Publisher) try(ctx context.Context, report *Report) (replaced []string, err error) {
	before, bodies := map[string]published{}, map[string][]byte{}
	for _, table := range curated.DimensionNames() {
		if before[table], err = p.published(ctx, curated.DimensionObject(table)); err != nil {
			return nil, err
		}
		bodies[table] = before[table].body
	}
	report.PBXs, report.Rows = 0, 0
	made, skipped := curated.Dimensions(ctx, p.fleet(ctx, report), bodies, p.now())
	if made == nil {
		return nil, skipped
	}
	for i, table := range curated.DimensionNames() {
		report.Rows += made[i].Rows
		if made[i].Content == before[table].content {
			continue
		}
		if err := p.bucket.Replace(ctx, made[i].Name, made[i].Body, before[table].tag); err != nil {
			return replaced, err
		}
		replaced = append(replaced, table)
	}
	return replaced, skipped
}

// published returns the published file. A change between its two reads makes the later write
// fail.
func (p *Publisher) published(ctx context.Context, name string) (published, error) {
	body, tag, err := archive.GetTagged(ctx, p.bucket, name)
	if errors.Is(err, fs.ErrNotExist) {
		return published{}, nil
	}
	return published{tag, curated.ContentOf(body), body}, err
}
