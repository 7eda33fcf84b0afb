package kpi

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestHistogramIsWrittenAsAFlatList(t *testing.T) {
	h := histogramOf([]int64{12, 7, 12, 12})
	if got := inJSON(h); got != "[7,1,12,3]" {
		t.Error(got)
	}
	var read Histogram
	if err := json.Unmarshal([]byte("[7,1,12,3]"), &read); err != nil || !slices.Equal(read, h) {
		t.Errorf("read %v, %v", read, err)
	}
	read = h
	if err := json.Unmarshal([]byte("[]"), &read); err != nil || len(read) > 0 {
		t.Errorf("read %v, %v", read, err)
	}
}

func TestInvalidHistogramsAreRefused(t *testing.T) {
	for name, doc := range map[string]string{
		"a value without its calls": "[7,1,12]",
		"descending values":         "[12,1,7,1]",
		"a value twice":             "[7,1,7,1]",
		"a value of no calls":       "[7,0]",
		"less than no calls":        "[7,-1]",
		"fractions":                 "[7.5,1]",
		"texts":                     `["7",1]`,
		"an object":                 "{}",
		"nested lists":              "[[7,1]]",
	} {
		var h Histogram
		if err := json.Unmarshal([]byte(doc), &h); err == nil {
			t.Errorf("%s: %s is read as %v", name, doc, h)
		}
	}
}

func TestPercentilesAreByNearestRank(t *testing.T) {
	for _, tt := range []struct {
		calls              int64 // that waited 1 s, 2 s and so on
		p1, p50, p90, p100 int64
		p95                int64
	}{
		{calls: 1, p1: 1, p50: 1, p90: 1, p95: 1, p100: 1},
		{calls: 2, p1: 1, p50: 1, p90: 2, p95: 2, p100: 2},
		{calls: 3, p1: 1, p50: 2, p90: 3, p95: 3, p100: 3},
		{calls: 10, p1: 1, p50: 5, p90: 9, p95: 10, p100: 10},
		{calls: 11, p1: 1, p50: 6, p90: 10, p95: 11, p100: 11},
		{calls: 20, p1: 1, p50: 10, p90: 18, p95: 19, p100: 20},
		{calls: 100, p1: 1, p50: 50, p90: 90, p95: 95, p100: 100},
		{calls: 101, p1: 2, p50: 51, p90: 91, p95: 96, p100: 101},
	} {
		var waits []int64
		for wait := range tt.calls {
			waits = append(waits, wait+1)
		}
		h := histogramOf(waits)
		for p, want := range map[int64]int64{1: tt.p1, 50: tt.p50, 90: tt.p90, 95: tt.p95, 100: tt.p100} {
			if got, ok := h.Percentile(p); got != want || !ok {
				t.Errorf("P%d of %d calls is %d, %t, not %d", p, tt.calls, got, ok, want)
			}
		}
	}
	if p, ok := (Histogram{}).Percentile(50); ok {
		t.Errorf("P50 of no calls is %d", p)
	}
}

func TestAHistogramGivesWhatTheSortedListGives(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		values, others := someValues(rng), someValues(rng)
		h, other := histogramOf(slices.Clone(values)), histogramOf(slices.Clone(others))
		checkHistogram(t, h, values)
		checkHistogram(t, h.plus(other), append(slices.Clone(values), others...))
		if inJSON(h.plus(other)) != inJSON(other.plus(h)) {
			t.Errorf("%v and %v add up to something else the other way round", h, other)
		}
		checkHistogram(t, h, values) // adding did not change it
	}
}

func someValues(rng *rand.Rand) []int64 {
	values := make([]int64, rng.IntN(15))
	for i := range values {
		values[i] = rng.Int64N(12)
	}
	return values
}

func checkHistogram(t *testing.T, h Histogram, values []int64) {
	t.Helper()
	slices.Sort(values)
	var sum int64
	for _, v := range values {
		sum += v
	}
	if calls, total := h.Total(); calls != int64(len(values)) || total != sum {
		t.Fatalf("%v has the totals %d and %d of %v", h, calls, total, values)
	}
	for upTo := int64(-1); upTo < 14; upTo++ {
		n, _ := slices.BinarySearch(values, upTo+1)
		if got := h.Calls(upTo); got != int64(n) {
			t.Fatalf("%v has %d calls up to %d of %v", h, got, upTo, values)
		}
	}
	if largest, ok := h.Max(); ok != (len(values) > 0) || ok && largest != values[len(values)-1] {
		t.Fatalf("%v has the largest value %d, %t of %v", h, largest, ok, values)
	}
	for p := int64(1); p <= 100 && len(values) > 0; p++ {
		rank := 1
		for int64(rank)*100 < p*int64(len(values)) {
			rank++
		}
		if got, ok := h.Percentile(p); !ok || got != values[rank-1] {
			t.Fatalf("P%d of %v is %d, %t of %v", p, h, got, ok, values)
		}
	}
}
