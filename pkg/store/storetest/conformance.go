package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/store"
)

// Run runs the suite on the Tables that open returns. Each test uses partitions of its own, so a Table
// may have other items, and all tests may share it.
func Run(t *testing.T, open func(t *testing.T) store.Table) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, suite)
	}{
		{"what was put is got, byte for byte", testRoundTrip},
		{"what was put is replaced whole", testReplace},
		{"many keys are got at once", testGetMany},
		{"nothing is not found, and deleted with success", testNothing},
		{"conditions of a put", testPutConditions},
		{"conditions of a deletion", testDeleteConditions},
		{"versions are compared by their bytes", testVersionOrder},
		{"keys, versions and documents out of bounds are refused", testRefused},
		{"items are in the byte order of their sort keys", testOrder},
		{"a range has its start and not its end", testRange},
		{"partitions do not see each other", testPartitions},
		{"a query goes on over many pages, and from any item", testPages},
		{"a loop's body may use the table", testLoopBody},
		{"an expired item is itself or gone", testExpired},
		{"racing writers", testRaces},
		{"an ended context ends every method", testEndedContext},
		{"a context that ends ends the calls under way", testEndingContext},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t, suite{t.Context(), open(t), "test-" + rand.Text()})
		})
	}
}

// suite is a Table, and a partition for one test alone.
type suite struct {
	ctx   context.Context
	table store.Table
	pk    string
}

func (s suite) key(sk string) store.Key { return store.Key{PK: s.pk, SK: sk} }

func (s suite) item(sk, version string) store.Item {
	return store.Item{Key: s.key(sk), Version: version, Doc: []byte(`{"v":"` + version + `"}`)}
}

func (s suite) put(t *testing.T, items ...store.Item) {
	t.Helper()
	for _, item := range items {
		if err := s.table.Put(s.ctx, item, store.Condition{}); err != nil {
			t.Fatalf("put %q: %v", item.SK, err)
		}
	}
}

// putAll puts many items, several at a time.
func (s suite) putAll(t *testing.T, items []store.Item) {
	t.Helper()
	var workers sync.WaitGroup
	for chunk := range slices.Chunk(items, (len(items)+15)/16) {
		workers.Go(func() {
			for _, item := range chunk {
				if err := s.table.Put(s.ctx, item, store.Condition{}); err != nil {
					t.Errorf("put %q: %v", item.SK, err)
				}
			}
		})
	}
	workers.Wait()
}

func (s suite) get(t *testing.T, sk string) store.Item {
	t.Helper()
	got, err := s.table.Get(s.ctx, s.key(sk))
	if err != nil {
		t.Fatalf("get %q: %v", sk, err)
	}
	return got
}

func keysOf(t *testing.T, items iter.Seq2[store.Item, error]) []string {
	t.Helper()
	var keys []string
	for item, err := range items {
		if err != nil {
			t.Fatalf("query: %v", err)
		}
		keys = append(keys, item.SK)
	}
	return keys
}

func equal(t *testing.T, got, want store.Item) {
	t.Helper()
	if got.Key != want.Key || got.Version != want.Version || string(got.Doc) != string(want.Doc) || !got.Expires.Equal(want.Expires) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func testRoundTrip(t *testing.T, s suite) {
	big := `{"big":"` + strings.Repeat("x", store.MaxDoc-len(`{"big":""}`)) + `"}`
	deep := strings.Repeat(`{"a":`, 30) + `{}` + strings.Repeat(`}`, 30)
	many := `{"many":[0` + strings.Repeat(",0", (store.MaxDoc-len(`{"many":[0]}`))/len(",0")) + `]}`
	for i, doc := range []string{
		`{}`, `{"a":""}`, `{"a":[]}`, `{"a":{}}`, `{"a":null}`, `{"a":[null,true,false,"x",0,[],{}]}`,
		`{"a":999999999999999,"b":-999999999999999,"c":0,"d":10,"e":-1}`, `{"#":1,"%":2,":x":3,"a.b[0]":4}`,
		`{"a":"\u0000\u001f\t\n\"\\</>&","b":"\u2028é漢😀�"}`, `{"a":{"b":{"c":{"d":{"e":[[[["deep"]]]]}}}}}`, deep, big, many,
	} {
		canonical, err := store.Canonical([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		want := store.Item{Key: s.key(fmt.Sprint(i)), Version: "é\x00" + strings.Repeat("v", 200), Doc: canonical}
		if i%2 == 1 {
			want.Expires = time.Date(2100, 1, 2, 3, 4, 5, 0, time.UTC)
		}
		s.put(t, want)
		equal(t, s.get(t, fmt.Sprint(i)), want)
		for got, err := range s.table.Query(s.ctx, store.Range{PK: s.pk, From: want.SK, To: want.SK + "\x00"}) {
			if err != nil {
				t.Fatal(err)
			}
			equal(t, got, want)
		}
	}
}

func testReplace(t *testing.T, s suite) {
	first := s.item("k", "1")
	first.Doc, first.Expires = []byte(`{"a":1,"b":2}`), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	second := s.item("k", "0")
	s.put(t, first, second)
	equal(t, s.get(t, "k"), second)
}

// testGetMany waits until what was put is seen.
func testGetMany(t *testing.T, s suite) {
	keys := []store.Key{s.key("none"), {PK: s.pk + "-other", SK: "k00"}}
	want := map[store.Key]store.Item{}
	for i := len(keys); i < store.MaxGetMany; i++ {
		item := s.item(fmt.Sprintf("k%02d", i), "1")
		item.Expires = time.Date(2100, 1, 2, 3, 4, i%60, 0, time.UTC)
		want[item.Key], keys = item, append(keys, item.Key)
	}
	s.putAll(t, slices.Collect(maps.Values(want)))
	got, err := s.table.GetMany(s.ctx, keys...)
	for began := time.Now(); err == nil && len(got) < len(want) && time.Since(began) < soon; {
		got, err = s.table.GetMany(s.ctx, keys...)
	}
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %d items of %d, %v", len(got), len(want), err)
	}
	for _, item := range got {
		equal(t, item, want[item.Key])
	}
	if got, err := s.table.GetMany(s.ctx, s.key("none")); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v of nothing", got, err)
	}
	for name, keys := range map[string][]store.Key{
		"no key": {}, "too many keys": append(keys, s.key("more")), "a key twice": {s.key("a"), s.key("b"), s.key("a")},
		"no sort key": {s.key("a"), s.key("")},
	} {
		if got, err := s.table.GetMany(s.ctx, keys...); err == nil || err.Error() != store.CheckKeys(keys).Error() {
			t.Errorf("%s: got %d items, %v", name, len(got), err)
		}
	}
}

func testNothing(t *testing.T, s suite) {
	if _, err := s.table.Get(s.ctx, s.key("none")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get: %v", err)
	}
	for _, c := range []store.Condition{{}, store.Unchanged("1")} {
		if err := s.table.Delete(s.ctx, s.key("none"), c); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if keys := keysOf(t, s.table.Query(s.ctx, store.Range{PK: s.pk})); len(keys) != 0 {
		t.Errorf("an empty partition has %q", keys)
	}
}

// conditions are tried against nothing, or a stored item of version 3, 5 or 7. The item to be written
// has version 5.
func testPutConditions(t *testing.T, s suite) {
	for _, c := range []struct {
		name                      string
		cond                      store.Condition
		none, lower, same, higher bool
	}{
		{"always", store.Condition{}, true, true, true, true},
		{"newer", store.Newer(), true, true, true, false},
		{"older", store.Older(), true, false, true, true},
		{"absent", store.Absent(), true, false, true, false},
		{"unchanged since the lower", store.Unchanged("3"), false, true, true, false},
		{"unchanged since the same", store.Unchanged("5"), false, false, true, false},
		{"unchanged since another", store.Unchanged("4"), false, false, true, false},
	} {
		for there, written := range map[string]bool{"": c.none, "3": c.lower, "5": c.same, "7": c.higher} {
			sk := c.name + " " + there
			if there != "" {
				s.put(t, s.item(sk, there))
			}
			err := s.table.Put(s.ctx, s.item(sk, "5"), c.cond)
			if !written && !errors.Is(err, store.ErrCondition) || written && err != nil {
				t.Errorf("%s, %q stored: %v", c.name, there, err)
			}
			s.checkVersion(t, sk, map[bool]string{true: "5", false: there}[written])
		}
	}
	if err := s.table.Put(s.ctx, s.item("x", "1"), store.Condition{Op: 99}); err == nil || errors.Is(err, store.ErrCondition) {
		t.Errorf("a condition that does not exist: %v", err)
	}
}

func testDeleteConditions(t *testing.T, s suite) {
	for _, c := range []struct {
		name    string
		cond    store.Condition
		there   string
		deleted bool
	}{
		{"always, nothing stored", store.Condition{}, "", true},
		{"always", store.Condition{}, "5", true},
		{"unchanged, nothing stored", store.Unchanged("5"), "", true},
		{"unchanged", store.Unchanged("5"), "5", true},
		{"unchanged since a lower", store.Unchanged("5"), "7", false},
		{"unchanged since a higher", store.Unchanged("5"), "3", false},
	} {
		if c.there != "" {
			s.put(t, s.item(c.name, c.there))
		}
		err := s.table.Delete(s.ctx, s.key(c.name), c.cond)
		if !c.deleted && !errors.Is(err, store.ErrCondition) || c.deleted && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		s.checkVersion(t, c.name, map[bool]string{true: "", false: c.there}[c.deleted])
	}
	s.put(t, s.item("x", "5"))
	for _, cond := range []store.Condition{store.Newer(), store.Older(), store.Absent(), {Op: 99}} {
		for _, sk := range []string{"x", "none"} {
			if err := s.table.Delete(s.ctx, s.key(sk), cond); err == nil || errors.Is(err, store.ErrCondition) {
				t.Errorf("%s, %v, a condition that a deletion does not have: %v", sk, cond, err)
			}
		}
	}
	s.checkVersion(t, "x", "5")
}

// testVersionOrder uses versions that would sort differently as numbers, without case, or in UTF-16.
func testVersionOrder(t *testing.T, s suite) {
	for _, c := range []struct{ lower, higher string }{
		{"10", "9"}, {"a", "aa"}, {"Z", "a"}, {"z", "é"}, {"é", "漢"}, {"\uffff", "😀"}, {"1.002", "1.010"},
	} {
		s.put(t, s.item("newer", c.lower), s.item("older", c.higher))
		for _, write := range []struct {
			sk, version string
			cond        store.Condition
			want        error
		}{
			{"newer", c.higher, store.Newer(), nil}, {"newer", c.lower, store.Newer(), store.ErrCondition},
			{"older", c.lower, store.Older(), nil}, {"older", c.higher, store.Older(), store.ErrCondition},
		} {
			if err := s.table.Put(s.ctx, s.item(write.sk, write.version), write.cond); !errors.Is(err, write.want) {
				t.Errorf("%q is lower than %q: %s, %q: %v, want %v", c.lower, c.higher, write.sk, write.version, err, write.want)
			}
		}
	}
}

// checkVersion expects an item of a version, or no item.
func (s suite) checkVersion(t *testing.T, sk, version string) {
	t.Helper()
	got, err := s.table.Get(s.ctx, s.key(sk))
	if version == "" {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: got %+v, %v, want nothing", sk, got, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, s.item(sk, version))
}

func testRefused(t *testing.T, s suite) {
	long := strings.Repeat("k", 1025)
	for name, bad := range map[string]store.Item{
		"no partition":        {Key: store.Key{SK: "k"}, Version: "1", Doc: []byte(`{}`)},
		"a long partition":    {Key: store.Key{PK: long[:257], SK: "k"}, Version: "1", Doc: []byte(`{}`)},
		"no sort key":         {Key: s.key(""), Version: "1", Doc: []byte(`{}`)},
		"a long sort key":     {Key: s.key(long), Version: "1", Doc: []byte(`{}`)},
		"a key not UTF-8":     {Key: s.key("\xff"), Version: "1", Doc: []byte(`{}`)},
		"no version":          {Key: s.key("k"), Doc: []byte(`{}`)},
		"a long version":      {Key: s.key("k"), Version: long[:257], Doc: []byte(`{}`)},
		"no document":         {Key: s.key("k"), Version: "1"},
		"an array":            {Key: s.key("k"), Version: "1", Doc: []byte(`[]`)},
		"not canonical":       {Key: s.key("k"), Version: "1", Doc: []byte(`{"b":1,"a":2}`)},
		"a nameless member":   {Key: s.key("k"), Version: "1", Doc: []byte(`{"a":[{"":1}]}`)},
		"a name of 64 KB":     {Key: s.key("k"), Version: "1", Doc: []byte(`{"` + strings.Repeat("n", 1<<16) + `":1}`)},
		"32 levels":           {Key: s.key("k"), Version: "1", Doc: []byte(`{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`)},
		"expired before 1970": {Key: s.key("k"), Version: "1", Doc: []byte(`{}`), Expires: time.Unix(0, 0)},
		"a fraction":          {Key: s.key("k"), Version: "1", Doc: []byte(`{"a":1.5}`)},
		"a number too long":   {Key: s.key("k"), Version: "1", Doc: []byte(`{"a":1000000000000000}`)},
		"a document too long": {Key: s.key("k"), Version: "1", Doc: []byte(`{"a":"` + strings.Repeat("x", store.MaxDoc) + `"}`)},
	} {
		if err := s.table.Put(s.ctx, bad, store.Condition{}); err == nil || err.Error() != bad.Check().Error() {
			t.Errorf("%s: %v, want %v", name, err, bad.Check())
		}
		if bad.Key.Check() == nil {
			continue
		}
		if _, err := s.table.Get(s.ctx, bad.Key); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: get: %v", name, err)
		}
		if err := s.table.Delete(s.ctx, bad.Key, store.Condition{}); err == nil {
			t.Errorf("%s: deleted", name)
		}
	}
	longest := store.Item{Key: store.Key{PK: s.pk + strings.Repeat("p", 256-len(s.pk)), SK: long[:1024]}, Version: "1", Doc: []byte(`{}`)}
	s.put(t, longest)
	got, err := s.table.Get(s.ctx, longest.Key)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, longest)
}

func testOrder(t *testing.T, s suite) {
	want := []string{"\x00", "\x01", " ", "!", "#", "#\x00", "##", "%", "%23", "A", "B", "a", "a\x00", "a#", "a#1", "a#10", "a#2", "a$", "aa", "b", "\x7f",
		"\u0080", "é", "ÿ", "漢", "\uffff", "😀", "😁", strings.Repeat("🙂", 255), strings.Repeat("🙂", 256)}
	for i := range want { // in another order
		s.put(t, s.item(want[(i*7)%len(want)], "1"))
	}
	slices.Sort(want)
	if got := keysOf(t, s.table.Query(s.ctx, store.Range{PK: s.pk})); !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	for i, last := range want { // the last of them has the longest of keys
		if got := keysOf(t, s.table.Query(s.ctx, store.Range{PK: s.pk}.After(last))); !slices.Equal(got, want[i+1:]) {
			t.Errorf("after %.20q\n%q, want\n%q", last, got, want[i+1:])
		}
	}
	slices.Reverse(want)
	if got := keysOf(t, s.table.Query(s.ctx, store.Range{PK: s.pk, Reverse: true})); !slices.Equal(got, want) {
		t.Errorf("in reverse\n%q, want\n%q", got, want)
	}
}

func testRange(t *testing.T, s suite) {
	for _, sk := range []string{"a", "b#1", "b#2", "b#2#x", "b$", "c"} {
		s.put(t, s.item(sk, "1"))
	}
	for _, c := range []struct {
		r    store.Range
		want string
	}{
		{store.Range{}, "a b#1 b#2 b#2#x b$ c"},
		{store.Range{From: "b#1"}, "b#1 b#2 b#2#x b$ c"},
		{store.Range{To: "b#2"}, "a b#1"},
		{store.Range{From: "b#1", To: "b$"}, "b#1 b#2 b#2#x"},
		{store.Range{From: "b", To: "b~"}, "b#1 b#2 b#2#x b$"},
		{store.Range{From: "b#2", To: "b#2"}, ""},
		{store.Range{From: "c", To: "a"}, ""},
		{store.Range{From: "d"}, ""},
		{store.Prefix("", "b#"), "b#1 b#2 b#2#x"},
		{store.Prefix("", "x#"), ""},
		{store.Range{Limit: 2}, "a b#1"},
		{store.Range{Limit: 100}, "a b#1 b#2 b#2#x b$ c"},
		{store.Range{Reverse: true, Limit: 2}, "c b$"},
		{store.Range{From: "a", To: "c", Reverse: true, Limit: 1}, "b$"},
		{store.Range{From: "b#1", To: "b$", Reverse: true}, "b#2#x b#2 b#1"},
		{store.Range{}.After("b#2"), "b#2#x b$ c"},
		{store.Range{Reverse: true}.After("b#2"), "b#1 a"},
		{store.Prefix("", "b#").After("b#1"), "b#2 b#2#x"},
	} {
		c.r.PK = s.pk
		if got := strings.Join(keysOf(t, s.table.Query(s.ctx, c.r)), " "); got != c.want {
			t.Errorf("%+v: %s, want %s", c.r, got, c.want)
		}
	}
}

func testPartitions(t *testing.T, s suite) {
	other := suite{s.ctx, s.table, s.pk + "0"}
	s.put(t, s.item("k", "1"))
	other.put(t, other.item("k", "2"), other.item("l", "2"))
	equal(t, s.get(t, "k"), s.item("k", "1"))
	if got := keysOf(t, s.table.Query(s.ctx, store.Range{PK: s.pk})); !slices.Equal(got, []string{"k"}) {
		t.Errorf("got %q", got)
	}
}

// testPages uses more bytes than any Table reads at once. testLoopBody uses more items.
func testPages(t *testing.T, s suite) {
	const count, size = 300, 8_000
	var items []store.Item
	var want []string
	for i := range count {
		item := s.item(fmt.Sprintf("%04d", i), "1")
		item.Doc = []byte(`{"x":"` + strings.Repeat("x", size) + `"}`)
		items, want = append(items, item), append(want, item.SK)
	}
	s.putAll(t, items)
	s.checkCancelledQuery(t, count)
	for _, reverse := range []bool{false, true} {
		r := store.Range{PK: s.pk, Reverse: reverse}
		items := s.table.Query(s.ctx, r)
		for loop := range 2 {
			if got := keysOf(t, items); !slices.Equal(got, want) {
				t.Errorf("reverse %v, loop %d: %d items", reverse, loop, len(got))
			}
		}
		r.Limit = count - 50
		first := keysOf(t, s.table.Query(s.ctx, r))
		gone := first[len(first)-1]
		if err := s.table.Delete(s.ctx, s.key(gone), store.Condition{}); err != nil {
			t.Fatal(err)
		}
		r.Limit = 0
		if all := append(first, keysOf(t, s.table.Query(s.ctx, r.After(gone)))...); !slices.Equal(all, want) {
			t.Errorf("reverse %v: resumed after an item that is gone: %d items", reverse, len(all))
		}
		want = slices.DeleteFunc(want, func(sk string) bool { return sk == gone })
		slices.Reverse(want)
	}
}

// checkCancelledQuery expects a query to end with its context's error, before its last item.
func (s suite) checkCancelledQuery(t *testing.T, count int) {
	t.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	seen, last := 0, error(nil)
	for _, err := range s.table.Query(ctx, store.Range{PK: s.pk}) {
		cancel()
		seen, last = seen+1, err
	}
	if !errors.Is(last, context.Canceled) || seen > count {
		t.Errorf("cancelled at its first item, a query yielded %d, and then %v", seen-1, last)
	}
}

func testLoopBody(t *testing.T, s suite) {
	for i := range 300 {
		s.put(t, s.item(fmt.Sprintf("%04d", i), "1"))
	}
	seen := 0
	for item, err := range s.table.Query(s.ctx, store.Range{PK: s.pk}) {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen%100 == 1 { // at the start of a page and inside
			s.get(t, item.SK)
			s.put(t, s.item("!"+item.SK, "1"))
			if err := s.table.Delete(s.ctx, item.Key, store.Condition{}); err != nil {
				t.Fatal(err)
			}
			for range s.table.Query(s.ctx, store.Range{PK: s.pk}) {
				break
			}
		}
	}
	if left := len(keysOf(t, s.table.Query(s.ctx, store.Range{PK: s.pk}))); seen != 300 || left != 300 {
		t.Errorf("%d seen, %d left", seen, left)
	}
}

func testExpired(t *testing.T, s suite) {
	want := s.item("k", "1")
	want.Expires = time.Now().Add(-time.Hour).Truncate(time.Second)
	s.put(t, want)
	got, err := s.table.Get(s.ctx, want.Key)
	if errors.Is(err, store.ErrNotFound) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, want)
}

func testRaces(t *testing.T, s suite) {
	const writers = 12
	race := func(write func(i int) error) (won int) {
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				err := write(i)
				if err != nil && !errors.Is(err, store.ErrCondition) {
					t.Errorf("writer %d: %v", i, err)
				}
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				}
			})
		}
		all.Wait()
		return won
	}
	version := func(i int) string { return fmt.Sprintf("%02d", i) }
	race(func(i int) error { return s.table.Put(s.ctx, s.item("newer", version(i)), store.Newer()) })
	s.checkVersion(t, "newer", version(writers-1))
	race(func(i int) error { return s.table.Put(s.ctx, s.item("older", version(i)), store.Older()) })
	s.checkVersion(t, "older", version(0))
	if won := race(func(i int) error { return s.table.Put(s.ctx, s.item("absent", version(i)), store.Absent()) }); won != 1 {
		t.Errorf("absent: %d writers won", won)
	}
	s.put(t, s.item("counter", "0"))
	race(func(int) error { return s.increment() })
	if got := count(s.get(t, "counter").Version); got != writers {
		t.Errorf("%d increments counted to %d", writers, got)
	}
	s.put(t, s.item("deleted", "0"))
	won := race(func(i int) error {
		if i%2 == 0 {
			return s.table.Put(s.ctx, s.item("deleted", version(i+1)), store.Unchanged("0"))
		}
		return s.table.Delete(s.ctx, s.key("deleted"), store.Unchanged("0"))
	})
	if _, err := s.table.Get(s.ctx, s.key("deleted")); err == nil && won != 1 {
		t.Errorf("a replacement and %d deletions or replacements of one version won", won-1)
	}
}

// increment adds one by compare and swap. Its version is unique to the writer, since two items of the
// same version count as the same item.
func (s suite) increment() error {
	for {
		item, err := s.table.Get(s.ctx, s.key("counter"))
		if err != nil {
			return err
		}
		next := fmt.Sprintf("%d.%s", count(item.Version)+1, rand.Text())
		err = s.table.Put(s.ctx, s.item("counter", next), store.Unchanged(item.Version))
		if !errors.Is(err, store.ErrCondition) {
			return err
		}
	}
}

func count(version string) (n int) {
	fmt.Sscan(version, &n)
	return n
}

// calls has a call of each method. Reads and writes use different items.
func (s suite) calls(ctx context.Context) map[string]func() error {
	return map[string]func() error{
		"get":    func() error { _, err := s.table.Get(ctx, s.key("read")); return err },
		"many":   func() error { _, err := s.table.GetMany(ctx, s.key("read"), s.key("none")); return err },
		"put":    func() error { return s.table.Put(ctx, s.item("written", "2"), store.Condition{}) },
		"delete": func() error { return s.table.Delete(ctx, s.key("written"), store.Condition{}) },
		"query": func() error {
			for _, err := range s.table.Query(ctx, store.Range{PK: s.pk}) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// soon is how long a call may take to return after its context has ended.
const soon = 5 * time.Second

func testEndedContext(t *testing.T, s suite) {
	s.put(t, s.item("read", "1"), s.item("written", "1"))
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	began := time.Now()
	for name, call := range s.calls(ended) {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if took := time.Since(began); took > soon {
		t.Errorf("it took %v", took)
	}
	equal(t, s.get(t, "written"), s.item("written", "1"))
}

// testEndingContext ends a context at several moments while every method is called repeatedly. Then
// the Table must work as before.
func testEndingContext(t *testing.T, s suite) {
	s.put(t, s.item("read", "1"))
	for moment := range 8 {
		ctx, cancel := context.WithCancel(s.ctx)
		var callers sync.WaitGroup
		for name, call := range s.calls(ctx) {
			callers.Go(func() {
				err, began := call(), time.Now()
				for err == nil && time.Since(began) < soon {
					err = call()
				}
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		time.Sleep(time.Duration(moment) * 3 * time.Millisecond)
		cancel()
		ended := time.Now()
		callers.Wait()
		if took := time.Since(ended); took > soon {
			t.Errorf("it took %v", took)
		}
		if t.Failed() {
			return
		}
	}
	for name, call := range s.calls(s.ctx) {
		if err := call(); err != nil {
			t.Errorf("%s afterwards: %v", name, err)
		}
	}
}
