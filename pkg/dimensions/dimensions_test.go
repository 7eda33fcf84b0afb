package dimensions_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parquet-go/parquet-go"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/dir"
	"trunkline/pkg/curated"
	"trunkline/pkg/dimensions"
	"trunkline/pkg/each"
	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/sqlite"
)

const reception = pbx.MAC("68692e0b0001")

// world is a fleet and the bucket in which it is published.
type world struct {
	*testing.T
	store  *store.Store
	table  *failing
	bucket *meddled
	clock  time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	table, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { table.Close() })
	bucket, err := dir.Open(filepath.Join(t.TempDir(), "archive"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	w := &world{T: t, table: &failing{Table: table}, bucket: &meddled{Bucket: bucket}, clock: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	w.store = store.New(w.table, w.now)
	return w
}

// now is a clock that advances whenever it is read.
func (w *world) now() time.Time {
	w.clock = w.clock.Add(time.Second)
	return w.clock
}

// failing fails to read an item.
type failing struct {
	store.Table
	key store.Key
}

var errLost = errors.New("the connection was lost")

func (f *failing) Get(ctx context.Context, k store.Key) (store.Item, error) {
	if k == f.key {
		return store.Item{}, errLost
	}
	return f.Table.Get(ctx, k)
}

// meddled lets something happen before an object is replaced, and counts writes.
type meddled struct {
	archive.Bucket
	before func(name string)
	writes []string
}

func (m *meddled) Replace(ctx context.Context, name string, body []byte, tag string) error {
	if m.before != nil {
		m.before(name)
	}
	m.writes = append(m.writes, name)
	return m.Bucket.Replace(ctx, name, body, tag)
}

func (w *world) publisher() *dimensions.Publisher { return dimensions.New(w.store, w.bucket, w.now) }

// run runs once, and expects the tables that are replaced.
func (w *world) run(replaced string) dimensions.Report {
	w.Helper()
	report, err := w.publisher().Run(w.Context())
	if got := strings.Join(report.Replaced, " "); err != nil || got != replaced {
		w.Errorf("replaced %q, %v, and should replace %q", got, err, replaced)
	}
	return report
}

// name sets the name of a queue of a PBX.
func (w *world) name(mac pbx.MAC, name string) {
	w.Helper()
	opens, err := naming.ParseHours("Mo 08:00-18:00")
	if err == nil {
		_, err = w.store.ChangeNames(w.Context(), mac, func(all store.Names) (store.Names, error) {
			return all.With(store.Name{Kind: naming.Queue, ID: "630", Name: name, Opens: opens}), nil
		})
	}
	if err != nil {
		w.Fatal(err)
	}
}

// queues returns the published names of queues, in their order.
func (w *world) queues() (names []string) {
	w.Helper()
	for _, row := range read[struct {
		Name string `parquet:"name"`
	}](w, "dim_queue") {
		names = append(names, row.Name)
	}
	return names
}

func read[R any](w *world, table string) []R {
	w.Helper()
	body, err := w.bucket.Get(w.Context(), curated.DimensionObject(table))
	if err != nil {
		w.Fatal(err)
	}
	rows, err := parquet.Read[R](bytes.NewReader(body), int64(len(body)))
	if err != nil {
		w.Fatal(err)
	}
	return rows
}

func TestAllIsPublishedOnceAndThenWhatChanges(t *testing.T) {
	w := newWorld(t)
	w.name(reception, "Support")
	if report := w.run(strings.Join(curated.DimensionNames(), " ")); report.PBXs != 1 || report.Rows != 3 {
		t.Errorf("%+v", report)
	}
	for range 2 {
		w.run("")
	}
	w.name(reception, "Sales")
	w.run("dim_queue")
	if got := w.queues(); !slices.Equal(got, []string{"Sales"}) {
		t.Error(got)
	}
	if err := w.bucket.Delete(t.Context(), curated.DimensionObject("dim_did")); err != nil {
		t.Fatal(err)
	}
	w.run("dim_did")
	if err := w.bucket.Put(t.Context(), curated.DimensionObject("dim_site"), []byte("no table")); err != nil {
		t.Fatal(err)
	}
	w.run("dim_site")
	w.run("")
	if err := w.store.SetSeen(t.Context(), reception, store.Seen{Zone: pbx.UTC}); err != nil {
		t.Fatal(err)
	}
	w.run("dim_site")
	type site struct {
		MAC          string `parquet:"mac"`
		Zone         string `parquet:"zone"`
		ZoneInferred bool   `parquet:"zone_inferred"`
		Threshold    int64  `parquet:"service_level_threshold_seconds"`
	}
	if got := read[site](w, "dim_site"); !slices.Equal(got, []site{{"68692e0b0001", "UTC", true, 20}}) {
		t.Errorf("%+v", got)
	}
}

func TestAFleetIsPublishedInTheOrderOfItsMACs(t *testing.T) {
	const pbxs = 600 // more than are in memory at a time
	w := newWorld(t)
	var want []string
	for i := range pbxs {
		mac := pbx.MAC(fmt.Sprintf("68692e0b%04x", i*7919%65536))
		w.name(mac, string(mac))
		want = append(want, string(mac))
	}
	slices.Sort(want)
	if report := w.run(strings.Join(curated.DimensionNames(), " ")); report.PBXs != pbxs || report.Rows != 3*pbxs {
		t.Errorf("%+v", report)
	}
	if got := w.queues(); !slices.Equal(got, want) {
		t.Errorf("%d names, in another order: %.200q", len(got), got)
	}
	w.run("")
}

func TestARunThatWasHeldUpDoesNotUndoALaterOne(t *testing.T) {
	w := newWorld(t)
	w.name(reception, "old")
	w.run(strings.Join(curated.DimensionNames(), " "))
	w.name(reception, "newer")
	w.bucket.before = func(string) { // between this run's read and its write
		w.bucket.before = nil
		w.name(reception, "newest")
		w.run("dim_queue")
	}
	w.run("") // nothing is left to do
	if got := w.queues(); !slices.Equal(got, []string{"newest"}) {
		t.Error(got)
	}
}

func TestARunThatIsAlwaysOvertakenSaysSo(t *testing.T) {
	w := newWorld(t)
	w.name(reception, "Support")
	synctest.Test(t, func(t *testing.T) { // the run pauses
		overtaken := 0
		w.bucket.before = func(name string) {
			overtaken++
			if err := w.bucket.Put(t.Context(), name, fmt.Append(nil, overtaken)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.publisher().Run(t.Context()); !errors.Is(err, archive.ErrChanged) || overtaken != 10 {
			t.Errorf("%v after %d times", err, overtaken)
		}
	})
}

func TestAPBXThatCannotBeReadKeepsItsRowsWhileTheOthersChange(t *testing.T) {
	for _, item := range []string{"DEVICE", "SEEN", "NAMES"} {
		for at := range 3 {
			t.Run(fmt.Sprint(item, " of number ", at), func(t *testing.T) {
				w := newWorld(t)
				macs := []pbx.MAC{"68692e0b0001", "68692e0b0002", "68692e0b0003"}
				for _, mac := range macs {
					w.name(mac, "old "+string(mac))
				}
				w.run(strings.Join(curated.DimensionNames(), " "))
				want := []string{}
				for i, mac := range macs {
					w.name(mac, "new "+string(mac))
					want = append(want, map[bool]string{true: "old ", false: "new "}[i == at]+string(mac))
				}
				w.table.key = store.Key{PK: string(macs[at]), SK: item}
				report, err := w.publisher().Run(t.Context())
				if !errors.Is(err, errLost) || !each.Only(err) || !strings.Contains(err.Error(), string(macs[at])) || report.PBXs != 2 {
					t.Errorf("%+v, %v", report, err)
				}
				if got := w.queues(); !slices.Equal(got, want) {
					t.Errorf("published %q, want %q", got, want)
				}
				if got := len(read[struct{}](w, "dim_site")); got != 3 {
					t.Errorf("%d sites", got)
				}
				if report, err = w.publisher().Run(t.Context()); !each.Only(err) || len(report.Replaced) > 0 {
					t.Errorf("published once more: %+v, %v", report, err)
				}
				w.table.key = store.Key{}
				w.run("dim_queue")
			})
		}
	}
}

// A member that can't be read is not taken for a missing one: the table would say something else.
func TestAPBXOfWhichAMemberCannotBeReadKeepsItsRows(t *testing.T) {
	for item, doc := range map[string]string{
		"DEVICE": `{"zone":"localtime"}`,
		"SEEN":   `{"zone":"localtime"}`,
		"NAMES":  `{"names":[{"id":"630","kind":"queue","opens":"Mon"}]}`,
	} {
		w := newWorld(t)
		w.name(reception, "Support")
		w.run(strings.Join(curated.DimensionNames(), " "))
		unreadable := store.Item{Key: store.Key{PK: string(reception), SK: item}, Version: "1", Doc: []byte(doc)}
		if err := w.table.Put(t.Context(), unreadable, store.Condition{}); err != nil {
			t.Fatal(err)
		}
		if report, err := w.publisher().Run(t.Context()); !errors.Is(err, store.ErrNotUnderstood) || len(report.Replaced) > 0 {
			t.Errorf("%s: %+v, %v", item, report, err)
		}
		if got := w.queues(); !slices.Equal(got, []string{"Support"}) {
			t.Error(got)
		}
	}
}

func TestAPBXThatCannotBeReadAndWasNeverPublishedIsLeftOut(t *testing.T) {
	w := newWorld(t)
	w.name(reception, "Support")
	w.name("68692e0b0002", "Sales")
	if err := w.bucket.Put(t.Context(), curated.DimensionObject("dim_queue"), []byte("no table")); err != nil {
		t.Fatal(err)
	}
	w.table.key = store.Key{PK: string(reception), SK: "NAMES"}
	if report, err := w.publisher().Run(t.Context()); !each.Only(err) || report.PBXs != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	if got := w.queues(); !slices.Equal(got, []string{"Sales"}) {
		t.Error(got)
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	w.name(reception, "Support")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.publisher().Run(ctx); !errors.Is(err, context.Canceled) || len(w.bucket.writes) > 0 {
		t.Errorf("%v, written %v", err, w.bucket.writes)
	}
}
