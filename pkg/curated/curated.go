package curated

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/parquet-go/parquet-go"

	"trunkline/pkg/archive"
	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// Day is what is published of one PBX's day.
type Day struct {
	MAC        pbx.MAC
	Day        pbx.Day
	Zone       pbx.Zone // of the PBX's clock; it must be known
	Thresholds kpi.Thresholds
	Published  kpi.Published
	Rows       kpi.Rows
	// Calls are the calls behind the rows, in the order of the file; nil: no calls.
	Calls iter.Seq2[*kpi.Call, error]
	// Scratch is the folder of temporary files; empty: the system's folder.
	Scratch string
}

// Object is one file.
type Object struct {
	Name string // in the bucket
	Rows int
	Body []byte
}

// Objects makes the day's file of each table, always in the same order. It also returns files
// without rows.
func Objects(d Day) ([]Object, error) {
	if !d.Zone.Known() {
		return nil, errors.New("a day's tables need the zone of its clock")
	}
	var all []Object
	for _, file := range []func() (Object, error){
		func() (Object, error) { return object(d, "calls", calls(d)) },
		func() (Object, error) { return object(d, "queue_kpi", batches(queues(d))) },
		func() (Object, error) { return object(d, "agent_kpi", batches(agents(d))) },
		func() (Object, error) { return object(d, "pbx_kpi", batches(pbxs(d))) },
		func() (Object, error) { return object(d, "queue_intervals", batches(intervals(d))) },
		func() (Object, error) { return object(d, "wait_histogram", batches(waits(d))) },
	} {
		o, err := file()
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// object writes rows as a file.
func object[R any](d Day, table string, batches iter.Seq2[[]R, error]) (Object, error) {
	o := Object{Name: fmt.Sprintf(archive.CuratedPrefix+"%s/dt=%s/%s.parquet", table, d.Day, d.MAC)}
	file := spool{folder: d.Scratch}
	defer file.close()
	w := parquet.NewGenericWriter[R](&file, format()...)
	for rows, err := range batches {
		if err != nil {
			return Object{}, fmt.Errorf("write the table %s: %w", table, err)
		}
		if _, err := w.Write(rows); err != nil {
			return Object{}, fmt.Errorf("write the table %s: %w", table, err)
		}
		o.Rows += len(rows)
	}
	if err := w.Close(); err != nil {
		return Object{}, fmt.Errorf("write the table %s: %w", table, err)
	}
	var err error
	if o.Body, err = file.whole(); err != nil {
		return Object{}, fmt.Errorf("write the table %s: %w", table, err)
	}
	return o, nil
}

// format returns how each file is written.
func format() []parquet.WriterOption {
	return []parquet.WriterOption{
		parquet.CreatedBy("trunkline", "", ""), parquet.Compression(&parquet.Snappy),
		// Every reader knows these formats. Some readers do not know the newer defaults.
		parquet.DataPageVersion(1), parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.Plain),
		parquet.DictionaryMaxBytes(1 << 20), // for texts that are all different
		parquet.MaxRowsPerRowGroup(groupRows),
	}
}

// groupRows is how many rows a row group has. The writer holds one row group in memory.
const groupRows = 50_000

// batchRows is how many rows one call of the writer gets.
const batchRows = 256

// batches yields some rows at a time.
func batches[R any](rows []R) iter.Seq2[[]R, error] {
	return func(yield func([]R, error) bool) {
		for some := range slices.Chunk(rows, batchRows) {
			if !yield(some, nil) {
				return
			}
		}
	}
}
