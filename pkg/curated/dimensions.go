package curated

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"iter"
	"time"

	"github.com/parquet-go/parquet-go"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// PBX has the operator's settings of a PBX, and of its queues, agents and numbers.
type PBX struct {
	MAC              pbx.MAC
	Name, Site       string   // empty: none
	Zone             pbx.Zone // registered, else inferred, else the default
	ZoneInferred     bool     // from its calls
	Thresholds       kpi.Thresholds
	TalkIncludesHold bool
	Disabled         bool
	Queues           []Queue
	Agents, DIDs     []Named
}

// Named is the name of an agent, or of a number that callers dial.
type Named struct{ ID, Name string }

// Queue has the settings of a queue.
type Queue struct {
	Named
	Opens                        string // its weekly hours as people read them; empty: unknown
	Hours                        []Opening
	TargetPercent, TargetSeconds int // of its service level; 0 %: no target
}

// Opening is a period of a weekday, 1 (Monday) to 7, in minutes since midnight by the PBX's
// clock: from Opens to Closes, which is at most 1440.
type Opening struct{ Weekday, Opens, Closes int }

// Dimension is the file of a table of dimensions.
type Dimension struct {
	Object
	Content string // hash of the columns and rows
}

// DimensionNames returns the names of the tables of dimensions.
func DimensionNames() []string {
	return []string{"dim_site", "dim_queue", "dim_queue_hours", "dim_agent", "dim_did"}
}

// DimensionObject returns the name of the file of a table of dimensions.
func DimensionObject(table string) string { return archive.CuratedPrefix + table + "/fleet.parquet" }

// Dimensions makes the files of the tables of dimensions, in the order of DimensionNames. The
// fleet comes in the order of its MACs, and was read at the time read. before are the bodies of
// the published files, by table.
//
// A PBX that can't be read is an *each.Bad with the MAC as its name. It keeps its published rows,
// if it has any. Then the error is an *each.Skipped that names it, and the files are good. With
// any other error there are no files.
func Dimensions(ctx context.Context, fleet iter.Seq2[PBX, error], before map[string][]byte, read time.Time) ([]Dimension, error) {
	sites := newDimension[siteRow]("dim_site", before)
	queues, hours := newDimension[queueDimRow]("dim_queue", before), newDimension[hoursRow]("dim_queue_hours", before)
	agents, dids := newDimension[agentDimRow]("dim_agent", before), newDimension[didRow]("dim_did", before)
	tables := []interface {
		keep(mac string) error
		close(time.Time) (Dimension, error)
	}{sites, queues, hours, agents, dids}
	var failed error // an error of writing a table
	keep := func(bad *each.Bad) {
		for _, table := range tables {
			failed = errors.Join(failed, table.keep(bad.Name))
		}
	}
	pbxs := each.Loop[PBX]{Of: "PBXs of the dimensions", Name: func(p PBX) string { return string(p.MAC) }, Skipped: keep}
	skipped := pbxs.Do(ctx, fleet, func(_ context.Context, p PBX) error {
		failed = errors.Join(failed, sites.add(p.site()), queues.add(p.queues()...), hours.add(p.hours()...),
			agents.add(p.agents()...), dids.add(p.dids()...))
		if failed != nil {
			return each.Stop(failed)
		}
		return nil
	})
	if failed != nil || skipped != nil && !each.Only(skipped) {
		return nil, errors.Join(failed, skipped)
	}
	var all []Dimension
	for _, table := range tables {
		d, err := table.close(read)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, skipped
}

// Members of the file's own metadata. The time makes each written file different. So a bucket's
// tag never repeats.
const (
	contentKey = "trunkline.content"
	readKey    = "trunkline.read"
)

// ContentOf returns the Content of the file of a table of dimensions; empty if it is unknown.
func ContentOf(file []byte) string {
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return ""
	}
	content, _ := f.Lookup(contentKey)
	return content
}

// dimension is a file that is being written.
type dimension[R dimensionRow] struct {
	table  string
	file   bytes.Buffer
	w      *parquet.GenericWriter[R]
	sum    hash.Hash
	rows   int
	before *rowsBefore[R]
}

// dimensionRow is a row of a table of dimensions. The tables are sorted by MAC.
type dimensionRow interface{ of() string }

func (r siteRow) of() string     { return r.MAC }
func (r queueDimRow) of() string { return r.MAC }
func (r hoursRow) of() string    { return r.MAC }
func (r agentDimRow) of() string { return r.MAC }
func (r didRow) of() string      { return r.MAC }

func newDimension[R dimensionRow](table string, before map[string][]byte) *dimension[R] {
	d := &dimension[R]{table: table, sum: sha256.New()}
	d.w = parquet.NewGenericWriter[R](&d.file, format()...)
	d.before = &rowsBefore[R]{file: before[table], schema: d.w.Schema()}
	fmt.Fprintln(d.sum, d.w.Schema())
	return d
}

// keep adds the rows that a PBX has in the published file.
func (d *dimension[R]) keep(mac string) error { return d.add(d.before.of(mac)...) }

func (d *dimension[R]) add(rows ...R) error {
	if len(rows) == 0 {
		return nil
	}
	if _, err := d.w.Write(rows); err != nil {
		return fmt.Errorf("write the table %s: %w", d.table, err)
	}
	d.rows += len(rows)
	return json.NewEncoder(d.sum).Encode(rows)
}

func (d *dimension[R]) close(read time.Time) (Dimension, error) {
	content := hex.EncodeToString(d.sum.Sum(nil)[:16])
	d.w.SetKeyValueMetadata(contentKey, content)
	d.w.SetKeyValueMetadata(readKey, read.UTC().Format(time.RFC3339Nano))
	if err := d.w.Close(); err != nil {
		return Dimension{}, fmt.Errorf("write the table %s: %w", d.table, err)
	}
	return Dimension{Object{DimensionObject(d.table), d.rows, d.file.Bytes()}, content}, nil
}

type siteRow struct {
	MAC              string  `parquet:"mac"`
	Name             *string `parquet:"name,optional"`
	Site             *string `parquet:"site,optional,dict"`
	Zone             *string `parquet:"zone,optional,dict"`
	ZoneInferred     bool    `parquet:"zone_inferred"`
	ServiceLevel     int64   `parquet:"service_level_threshold_seconds"`
	ShortAbandon     int64   `parquet:"short_abandon_threshold_seconds"`
	TalkIncludesHold bool    `parquet:"talk_includes_hold"`
	Disabled         bool    `parquet:"disabled"`
}

func (p PBX) site() siteRow {
	return siteRow{
		string(p.MAC), text(p.Name), text(p.Site), text(p.Zone.String()), p.ZoneInferred,
		p.Thresholds.ServiceLevel, p.Thresholds.ShortAbandon, p.TalkIncludesHold, p.Disabled,
	}
}

type queueDimRow struct {
	MAC           string  `parquet:"mac,dict"`
	Queue         string  `parquet:"queue,dict"`
	Name          *string `parquet:"name,optional"`
	Opens         *string `parquet:"opens,optional,dict"`
	TargetPercent *int64  `parquet:"target_percent,optional"`
	TargetSeconds *int64  `parquet:"target_seconds,optional"`
}

func (p PBX) queues() (rows []queueDimRow) {
	for _, q := range p.Queues {
		row := queueDimRow{MAC: string(p.MAC), Queue: q.ID, Name: text(q.Name), Opens: text(q.Opens)}
		if q.TargetPercent > 0 {
			percent, seconds := int64(q.TargetPercent), int64(q.TargetSeconds)
			row.TargetPercent, row.TargetSeconds = &percent, &seconds
		}
		rows = append(rows, row)
	}
	return rows
}

type hoursRow struct {
	MAC     string `parquet:"mac,dict"`
	Queue   string `parquet:"queue,dict"`
	Weekday int64  `parquet:"weekday"`
	Opens   int64  `parquet:"opens_minute"`
	Closes  int64  `parquet:"closes_minute"`
}

func (p PBX) hours() (rows []hoursRow) {
	for _, q := range p.Queues {
		for _, o := range q.Hours {
			rows = append(rows, hoursRow{string(p.MAC), q.ID, int64(o.Weekday), int64(o.Opens), int64(o.Closes)})
		}
	}
	return rows
}

type agentDimRow struct {
	MAC   string  `parquet:"mac,dict"`
	Agent string  `parquet:"agent,dict"`
	Name  *string `parquet:"name,optional"`
}

func (p PBX) agents() (rows []agentDimRow) {
	for _, a := range p.Agents {
		rows = append(rows, agentDimRow{string(p.MAC), a.ID, text(a.Name)})
	}
	return rows
}

type didRow struct {
	MAC  string  `parquet:"mac,dict"`
	DID  string  `parquet:"did"`
	Name *string `parquet:"name,optional"`
}

func (p PBX) dids() (rows []didRow) {
	for _, d := range p.DIDs {
		rows = append(rows, didRow{string(p.MAC), d.ID, text(d.Name)})
	}
	return rows
}
