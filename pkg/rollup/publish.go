package rollup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/curated"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/retry"
	"trunkline/pkg/store"
)

// publication is a day's figures that are being published.
type publication struct {
	Task
	device  device
	header  store.Header // as it was before the records were read
	began   time.Time
	of      *kpi.Day
	figures kpi.Rows
	rows    []store.Row
	hash    string // of everything that is published
	records int64  // records that count in any row
	lates   int64
	late    []store.LateRecord
	// activity says when the day's calls began.
	activity pbx.Activity
}

func newPublication(t Task, d device, h store.Header, in *reading, began time.Time) (*publication, error) {
	figures, err := in.day.Rows()
	if err != nil {
		return nil, err
	}
	p := &publication{
		Task: t, device: d, header: h, began: began, of: in.day, figures: figures.Bounded(), lates: in.lates, late: in.late, activity: in.activity,
	}
	p.records = p.figures.PBX.Inputs.Records
	p.add(store.ScopePBX, "", p.figures.PBX)
	for _, q := range p.figures.Queues {
		p.records += q.Inputs.Records
		p.add(store.ScopeQueue, q.Queue, q)
	}
	for _, a := range p.figures.Agents {
		p.records += a.Inputs.Records
		p.add(store.ScopeAgent, a.Agent, a)
	}
	return p, p.sum()
}

func (p *publication) add(scope store.Scope, name string, row any) {
	doc, err := json.Marshal(row)
	if err != nil {
		panic(err) // rows are numbers and texts
	}
	p.rows = append(p.rows, store.Row{Scope: scope, Name: name, Computed: store.Computed{ComputedAt: p.began, Row: doc}})
}

// sum sets the hash of everything that is published: the rows, and what only the files have.
func (p *publication) sum() error {
	h := sha256.New()
	e := json.NewEncoder(h)
	for _, row := range p.rows {
		if err := e.Encode([]any{row.Scope, row.Name, row.Row}); err != nil {
			return err
		}
	}
	fmt.Fprintln(h, p.device.zone, Thresholds(p.device.Device))
	p.hash = hex.EncodeToString(h.Sum(nil)[:16])
	return nil
}

// causes returns what has changed since the day was published. The settings are unknown of days
// that were published by the first rules.
func (p *publication) causes() (all []store.Cause) {
	was, is := p.header.Basis, p.device.basis()
	if p.lates > 0 {
		all = append(all, store.CauseLateRecord)
	}
	if was.Settings != "" && (was.Settings != is.Settings || was.Zone != is.Zone) {
		all = append(all, store.CauseSettingChanged)
	}
	if was.RulesVersion() != is.Rules {
		all = append(all, store.CauseRuleChanged)
	}
	return all
}

// publish replaces a day's figures.
func (r *Rollup) publish(ctx context.Context, p *publication) error {
	claim, err := r.store.Figures().Claim(ctx, p.MAC, p.Day, p.header)
	if err != nil {
		return err
	}
	if p.header.Revision > 0 {
		err := r.store.Figures().Restate(ctx, p.MAC, p.Day, store.Restatement{
			Revision: p.header.Revision, ComputedAt: p.header.ComputedAt, ReplacedAt: p.began, Late: p.lates, LateRecords: p.late,
			Causes: p.causes(),
		})
		if err != nil {
			return err
		}
	}
	for _, row := range p.rows {
		row.Revision = claim.Claimed
		if err := r.store.Figures().PutRow(ctx, p.MAC, p.Day, row); err != nil {
			return err
		}
	}
	if err := r.store.Figures().DropRows(ctx, p.MAC, p.Day, claim.Claimed); err != nil {
		return err
	}
	if err := r.publishFiles(ctx, p, claim); err != nil {
		return err
	}
	_, err = r.store.Figures().Publish(ctx, p.MAC, p.Day, claim, store.Header{Hash: p.hash, ComputedAt: p.began, Activity: p.activity, Basis: p.device.basis()})
	return err
}

// publishFiles replaces a day's files in curated/.
func (r *Rollup) publishFiles(ctx context.Context, p *publication, claim store.Header) error {
	objects, err := r.files(curated.Day{
		MAC: p.MAC, Day: p.Day, Zone: p.device.zone, Thresholds: Thresholds(p.device.Device), Rows: p.figures,
		Calls: p.of.Calls(), Scratch: r.scratch,
		Published: kpi.Published{ComputedAt: p.began, Revision: claim.Claimed},
	})
	if err != nil {
		return fmt.Errorf("make the files: %w", err)
	}
	return retry.OnConflict(ctx, archive.ErrChanged, func() error {
		return r.replaceFiles(ctx, p.Task, objects, claim)
	})
}

// replaceFiles replaces files. It returns archive.ErrChanged if another worker replaces them too,
// and store.ErrCondition if that worker has newer figures.
func (r *Rollup) replaceFiles(ctx context.Context, t Task, objects []curated.Object, claim store.Header) error {
	tags := make([]string, len(objects))
	for i, o := range objects {
		tag, err := r.bucket.Tag(ctx, o.Name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		tags[i] = tag
	}
	// A worker that claims a revision after this check writes its files after we read these tags.
	current, err := r.store.Figures().Current(ctx, t.MAC, t.Day, claim)
	if err != nil {
		return err
	}
	if !current {
		return store.ErrCondition
	}
	for i, o := range objects {
		if o.Rows == 0 && tags[i] == "" {
			continue
		}
		if err := r.bucket.Replace(ctx, o.Name, o.Body, tags[i]); err != nil {
			return err
		}
	}
	return nil
}
