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

// Publisher publishes the tables of dimensions. It is safe for concurrent use, by many
// processes.
type Publisher struct {
	store  *store.Store
	bucket archive.Bucket
	now    func() time.Time
}

// New makes a Publisher of what is said in a store, which publishes in a bucket.
func New(s *store.Store, b archive.Bucket, now func() time.Time) *Publisher {
	return &Publisher{s, b, now}
}

// Report is what a run did.
type Report struct {
	PBXs     int      // on the fleet list
	Rows     int      // of all tables
	Replaced []string // tables whose rows had changed
}

// Run publishes the tables that have changed. Its Report tells also of a run that failed. Where
// each.Only says so of the error, all is published but what is new of the PBXs that it names.
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

// published is a file that is there already.
type published struct {
	tag, content string
	body         []byte
}

// try publishes once; archive.ErrChanged means that another run was faster.
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

// published is what is there. What comes between the two reads fails the write.
func (p *Publisher) published(ctx context.Context, name string) (published, error) {
	body, tag, err := archive.GetTagged(ctx, p.bucket, name)
	if errors.Is(err, fs.ErrNotExist) {
		return published{}, nil
	}
	return published{tag, curated.ContentOf(body), body}, err
}
