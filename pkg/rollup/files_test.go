package rollup_test

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/curated"
	"trunkline/pkg/pbx"
)

// plainFiles are quicker than Parquet, for tests that publish thousands of times: they contain
// only their revision.
func plainFiles(d curated.Day) ([]curated.Object, error) {
	var all []curated.Object
	for _, table := range []string{"calls", "queue_kpi", "pbx_kpi"} {
		all = append(all, curated.Object{
			Name: fmt.Sprintf("curated/%s/dt=%s/%s.parquet", table, d.Day, d.MAC), Rows: len(d.Rows.Queues),
			Body: fmt.Appendf(nil, "revision %d", d.Published.Revision),
		})
	}
	return all, nil
}

// revisions returns the revisions that a day's files in curated/ contain.
func revisions(t testing.TB, bucket *archivetest.Memory, d pbx.Day) (all []int64) {
	t.Helper()
	ctx := context.Background()
	for name, err := range bucket.List(ctx, "curated/", "") {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(name, "_kpi/dt="+d.String()+"/") {
			continue
		}
		body, err := bucket.Get(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		if text, plain := strings.CutPrefix(string(body), "revision "); plain {
			revision, _ := strconv.ParseInt(text, 10, 64)
			all = append(all, revision)
			continue
		}
		rows, err := parquet.Read[struct {
			Revision int64 `parquet:"revision"`
		}](bytes.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			all = append(all, row.Revision)
		}
	}
	return all
}
