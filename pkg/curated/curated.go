package curated

import (
	"bytes"
	"fmt"

	"github.com/parquet-go/parquet-go"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
)

// Day is what is published of one PBX's day.
type Day struct {
	MAC        pbx.MAC
	Day        pbx.Day
	Zone       pbx.Zone // of the PBX's clock
	Thresholds kpi.Thresholds
	Published  kpi.Published
	Rows       kpi.Rows
}

// Object is one file.
type Object struct {
	Name string // in the bucket
	Rows int
	Body []byte
}

// Objects makes the day's file of each table, always in the same order. Files without rows
// are among them.
func Objects(d Day) ([]Object, error) {
	var all []Object
	for _, make := range []func(Day) (Object, error){
		func(d Day) (Object, error) { return object(d, "calls", calls(d)) },
		func(d Day) (Object, error) { return object(d, "queue_kpi", queues(d)) },
		func(d Day) (Object, error) { return object(d, "agent_kpi", agents(d)) },
		func(d Day) (Object, error) { return object(d, "pbx_kpi", pbxs(d)) },
		func(d Day) (Object, error) { return object(d, "queue_intervals", intervals(d)) },
		func(d Day) (Object, error) { return object(d, "wait_histogram", waits(d)) },
	} {
		o, err := make(d)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// object writes rows as a file.
func object[R any](d Day, table string, rows []R) (Object, error) {
	var file bytes.Buffer
	w := parquet.NewGenericWriter[R](&file, parquet.CreatedBy("trunkline", "", ""), parquet.Compression(&parquet.Snappy))
	_, err := w.Write(rows)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return Object{}, fmt.Errorf("write the table %s: %w", table, err)
	}
	return Object{fmt.Sprintf("curated/%s/dt=%s/%s.parquet", table, d.Day, d.MAC), len(rows), file.Bytes()}, nil
}
