package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

var figuresDay = pbx.DayOf(received)

func memoryStore() (*store.Store, *storetest.Memory) {
	table := storetest.NewMemory()
	return store.New(table, func() time.Time { return received }), table
}

func row(scope store.Scope, name string, revision int64, doc string) store.Row {
	return store.Row{Scope: scope, Name: name, Computed: store.Computed{Revision: revision, ComputedAt: received, Row: []byte(doc)}}
}

func rows(t *testing.T, s *store.Store) string {
	t.Helper()
	var all []string
	for r, err := range s.Figures().Rows(t.Context(), mac, figuresDay) {
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Row) > 100 {
			r.Row = fmt.Appendf(nil, "%d bytes", len(r.Row))
		}
		all = append(all, fmt.Sprintf("%s%s r%d %s", r.Scope, r.Name, r.Revision, r.Row))
	}
	return strings.Join(all, ", ")
}

func put(t *testing.T, s *store.Store, all ...store.Row) {
	t.Helper()
	for _, r := range all {
		if err := s.Figures().PutRow(t.Context(), mac, figuresDay, r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARowOfAHigherRevisionStays(t *testing.T) {
	s, _ := memoryStore()
	put(t, s, row(store.ScopeQueue, "630", 2, `{"n":2}`), row(store.ScopeQueue, "630", 1, `{"n":1}`), row(store.ScopePBX, "", 1, `{"n":1}`))
	if got, want := rows(t, s), `P r1 {"n":1}, Q630 r2 {"n":2}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	put(t, s, row(store.ScopeQueue, "630", 3, `{"n":3}`))
	if err := s.Figures().DropRows(t.Context(), mac, figuresDay, 3); err != nil {
		t.Fatal(err)
	}
	if got, want := rows(t, s), `Q630 r3 {"n":3}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestARowOfAnySizeIsKept(t *testing.T) {
	s, table := memoryStore()
	large := func(n int) string { return `{"text":"` + strings.Repeat("é", n/2) + `"}` }
	put(t, s, row(store.ScopeQueue, "630", 1, large(900_000)), row(store.ScopeQueue, "630 A", 1, large(300_000)), row(store.ScopeAgent, "1", 1, `{}`))
	if got, want := rows(t, s), `A1 r1 {}, Q630 A r1 300011 bytes, Q630 r1 900011 bytes`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// A smaller row replaces all parts of the larger one.
	put(t, s, row(store.ScopeQueue, "630", 2, large(400_000)))
	if got, want := rows(t, s), `A1 r1 {}, Q630 A r1 300011 bytes, Q630 r2 400011 bytes`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	put(t, s, row(store.ScopeQueue, "630 A", 2, `{}`))
	if err := s.Figures().DropRows(t.Context(), mac, figuresDay, 2); err != nil {
		t.Fatal(err)
	}
	if got, want := rows(t, s), `Q630 A r2 {}, Q630 r2 400011 bytes`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, item := range table.Items() {
		if err := item.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestARowThatIsBeingWrittenIsNotShown(t *testing.T) {
	s, table := memoryStore()
	large := `{"text":"` + strings.Repeat("x", 600_000) + `"}`
	put(t, s, row(store.ScopeQueue, "630", 1, large))
	writes := 0
	half := store.New(storetest.NewFaulty(table, func(c storetest.Call) storetest.Fault {
		if writes++; writes > 2 {
			return storetest.Fails
		}
		return storetest.None
	}), time.Now)
	if err := half.Figures().PutRow(t.Context(), mac, figuresDay, row(store.ScopeQueue, "630", 2, large)); !errors.Is(err, storetest.ErrInjected) {
		t.Fatal(err)
	}
	if got := rows(t, s); got != "" {
		t.Errorf("got %s", got)
	}
	put(t, s, row(store.ScopeQueue, "630", 2, large))
	if got, want := rows(t, s), "Q630 r2 600011 bytes"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOnlyOneWriterClaimsARevision(t *testing.T) {
	s, _ := memoryStore()
	read, err := s.Figures().Header(t.Context(), mac, figuresDay)
	if err != nil || read != (store.Header{}) {
		t.Fatalf("%+v, %v", read, err)
	}
	claim, err := s.Figures().Claim(t.Context(), mac, figuresDay, read)
	if err != nil || claim.Claimed != 1 || claim.Revision != 0 {
		t.Fatalf("%+v, %v", claim, err)
	}
	if _, err := s.Figures().Claim(t.Context(), mac, figuresDay, read); !errors.Is(err, store.ErrCondition) {
		t.Errorf("a second claim: %v", err)
	}
	// A claim of a writer that crashed does not stop others.
	read, err = s.Figures().Header(t.Context(), mac, figuresDay)
	if err != nil {
		t.Fatal(err)
	}
	next, err := s.Figures().Claim(t.Context(), mac, figuresDay, read)
	if err != nil || next.Claimed != 2 {
		t.Fatalf("%+v, %v", next, err)
	}
	if _, err := s.Figures().Publish(t.Context(), mac, figuresDay, claim, store.Header{Hash: "old", ComputedAt: received}); !errors.Is(err, store.ErrCondition) {
		t.Errorf("the dead writer publishes: %v", err)
	}
	if current, err := s.Figures().Current(t.Context(), mac, figuresDay, claim); current || err != nil {
		t.Errorf("the dead writer's claim is current, %v", err)
	}
	if current, err := s.Figures().Current(t.Context(), mac, figuresDay, next); !current || err != nil {
		t.Errorf("the claim is not current, %v", err)
	}
	if _, err := s.Figures().Publish(t.Context(), mac, figuresDay, next, store.Header{Hash: "new", ComputedAt: received}); err != nil {
		t.Fatal(err)
	}
	published, err := s.Figures().Header(t.Context(), mac, figuresDay)
	if err != nil || published.Revision != 2 || published.Claimed != 0 || published.Hash != "new" || !published.ComputedAt.Equal(received) {
		t.Errorf("%+v, %v", published, err)
	}
}

func TestARestatementKeepsTheRowsThatItReplacesOnce(t *testing.T) {
	s, _ := memoryStore()
	put(t, s, row(store.ScopeQueue, "630", 1, `{"n":1}`), row(store.ScopePBX, "", 1, `{"n":1}`))
	for range 2 { // the second time after its rows were replaced
		if err := s.Figures().Restate(t.Context(), mac, figuresDay, store.Restatement{Revision: 1, ReplacedAt: received, Late: 1}); err != nil {
			t.Fatal(err)
		}
		put(t, s, row(store.ScopeQueue, "630", 2, `{"n":2}`))
	}
	var kept []string
	for r, err := range s.Figures().RestatedRows(t.Context(), mac, figuresDay, 1) {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, fmt.Sprintf("%s%s r%d %s", r.Scope, r.Name, r.Revision, r.Row))
	}
	if got, want := strings.Join(kept, ", "), `P r1 {"n":1}, Q630 r1 {"n":1}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	n := 0
	for r, err := range s.Figures().Restatements(t.Context(), mac, figuresDay) {
		if n++; err != nil || r.Revision != 1 || r.Late != 1 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if n != 1 {
		t.Errorf("%d restatements", n)
	}
}

func TestAPBXIsListedFromItsFirstEvent(t *testing.T) {
	s, table := memoryStore()
	for _, m := range []pbx.MAC{"68692e0b0002", mac, mac} {
		if _, err := s.Record(t.Context(), store.Origin{MAC: m, At: received}, &pbx.Hangup{UniqueID: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	fleet := func() (all []pbx.MAC) {
		for m, err := range s.Fleet(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, m)
		}
		return all
	}
	if got := fmt.Sprint(fleet()); got != "[68692e0b0001 68692e0b0002]" {
		t.Error(got)
	}
	// If a PBX can't be put on the fleet list, Record does not record its event either.
	broken := store.New(storetest.NewFaulty(table, func(c storetest.Call) storetest.Fault {
		if strings.HasPrefix(c.Key.PK, "FLEET") {
			return storetest.Fails
		}
		return storetest.None
	}), time.Now)
	if _, err := broken.Record(t.Context(), store.Origin{MAC: "68692e0b0003", At: received}, &pbx.Hangup{UniqueID: "1"}); err == nil {
		t.Error("recorded, but not listed")
	}
	if len(fleet()) != 2 {
		t.Error(fleet())
	}
}

func TestNoLateRecordIsWrittenWithoutItsMark(t *testing.T) {
	_, table := memoryStore()
	s := store.New(storetest.NewFaulty(table, func(c storetest.Call) storetest.Fault {
		if strings.HasPrefix(c.Key.PK, "DUE#") {
			return storetest.Fails
		}
		return storetest.None
	}), func() time.Time { return received.Add(48 * time.Hour) })
	if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received}, call(t, "1795428000.1", "2026-11-23 18:00:00", 1)); !errors.Is(err, storetest.ErrInjected) {
		t.Errorf("recorded without a mark: %v", err)
	}
	for _, item := range table.Items() {
		if strings.HasPrefix(item.SK, "CALL#") {
			t.Error(item.SK)
		}
	}
}

func TestAMarkIsReliedOnForAMinute(t *testing.T) {
	table := storetest.NewMemory()
	now, marks := received.Add(48*time.Hour), 0
	s := store.New(storetest.NewFaulty(table, func(c storetest.Call) storetest.Fault {
		if strings.HasPrefix(c.Key.PK, "DUE#") {
			marks++
		}
		return storetest.None
	}), func() time.Time { return now })
	for _, step := range []struct {
		wait time.Duration
		want int
	}{{0, 2}, {59 * time.Second, 2}, {time.Second, 4}} { // the day, and the next one
		now = now.Add(step.wait)
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: now}, call(t, "1795428000.1", "2026-11-23 18:00:00", int64(step.wait))); err != nil {
			t.Fatal(err)
		}
		if marks != step.want {
			t.Errorf("after %s %d marks, want %d", step.wait, marks, step.want)
		}
	}
}

func TestAMarkThatWasMadeAgainIsNotRemoved(t *testing.T) {
	s, table := memoryStore()
	if err := s.Figures().MarkClosed(t.Context(), mac, figuresDay, received); err != nil {
		t.Fatal(err)
	}
	read, due, err := s.Figures().Mark(t.Context(), mac, figuresDay)
	if err != nil || !due || !read.At.Equal(received) {
		t.Fatalf("%+v, %t, %v", read, due, err)
	}
	late := store.New(table, func() time.Time { return received.Add(48 * time.Hour) })
	if _, err := late.Record(t.Context(), store.Origin{MAC: mac, At: received}, call(t, "1795428000.1", "2026-11-23 18:00:00", 1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Figures().Unmark(t.Context(), read); err != nil {
		t.Fatal(err)
	}
	now, due, err := s.Figures().Mark(t.Context(), mac, figuresDay)
	if err != nil || !due {
		t.Fatalf("due %t, %v", due, err)
	}
	if err := s.Figures().Unmark(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if _, due, err := s.Figures().Mark(t.Context(), mac, figuresDay); due || err != nil {
		t.Errorf("due %t, %v", due, err)
	}
}

func TestDaysWithRecordsAreFoundAndNoOthers(t *testing.T) {
	s, _ := memoryStore()
	for _, start := range []string{"1970-01-01 08:00:00", "2026-11-20 00:00:00", "2026-11-20 23:59:59", "2026-11-22 12:00:00"} {
		if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received}, call(t, "1.1", start, 1)); err != nil {
			t.Fatal(err)
		}
	}
	step := &pbx.IVRStep{UUID: "1.1", IVRID: "610", Start: call(t, "1.1", "2026-11-21 12:00:00", 1).Start}
	if _, err := s.Record(t.Context(), store.Origin{MAC: mac, At: received}, step); err != nil {
		t.Fatal(err)
	}
	days := func(span store.Span) string {
		var all []string
		for day, err := range s.RecordedDays(t.Context(), mac, pbx.UTC, span) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, day.String())
		}
		return strings.Join(all, " ")
	}
	if got := days(store.Span{}); got != "1970-01-01 2026-11-20 2026-11-22 2026-11-21" {
		t.Error(got)
	}
	if got := days(store.Days(step.Start.Day(), step.Start.Day())); got != "2026-11-21" {
		t.Error(got)
	}
}
