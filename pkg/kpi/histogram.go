package kpi

import (
	"encoding/json"
	"errors"
	"slices"

	"trunkline/pkg/pbx"
)

// Histogram says how many calls had each value, such as a wait in whole seconds. It has only values that
// occur, in ascending order. As JSON it is a flat list, in which the number of calls follows each
// value: [7,1,12,3].
type Histogram []Bin

// Bin is one value of a Histogram.
type Bin struct {
	Value int64
	Calls int64
}

// histogramOf counts values, and reorders them.
func histogramOf(values []int64) Histogram {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	distinct := 1
	for i := 1; i < len(values); i++ {
		if values[i] != values[i-1] {
			distinct++
		}
	}
	h := make(Histogram, 0, distinct)
	for _, v := range values {
		if len(h) == 0 || h[len(h)-1].Value != v {
			h = append(h, Bin{Value: v})
		}
		h[len(h)-1].Calls++
	}
	return h
}

// values counts values one by one. It needs little more memory than their histogram.
type values struct {
	counted Histogram
	others  []int64
}

// countedAtOnce is the least number of values that are counted together.
const countedAtOnce = 256

func (v *values) add(n int64) {
	if len(v.others) >= max(countedAtOnce, len(v.counted)) {
		v.counted, v.others = v.histogram(), v.others[:0]
	}
	v.others = append(v.others, n)
}

func (v *values) addKnown(n pbx.Int) {
	if n.Known() {
		v.add(n.Or(0))
	}
}

// histogram returns the histogram of all values so far.
func (v *values) histogram() Histogram { return v.counted.plus(histogramOf(v.others)) }

// Calls returns how many calls have a value up to the given one.
func (h Histogram) Calls(upTo int64) (calls int64) {
	for _, bin := range h {
		if bin.Value > upTo {
			break
		}
		calls += bin.Calls
	}
	return calls
}

// Total returns the number of calls, and the sum of their values.
func (h Histogram) Total() (calls, sum int64) {
	for _, bin := range h {
		calls += bin.Calls
		sum += bin.Value * bin.Calls
	}
	return calls, sum
}

// Max returns the largest value; false if the histogram is empty.
func (h Histogram) Max() (int64, bool) {
	if len(h) == 0 {
		return 0, false
	}
	return h[len(h)-1].Value, true
}

// Percentile returns the nearest-rank percentile: the least value that at least p per cent of the calls do
// not exceed. p is from 1 to 100. It returns false if there are no calls.
func (h Histogram) Percentile(p int64) (int64, bool) {
	calls, _ := h.Total()
	rank := (calls*p + 99) / 100
	for _, bin := range h {
		if rank -= bin.Calls; rank <= 0 {
			return bin.Value, true
		}
	}
	return 0, false
}

// plus returns the histogram of the calls of both.
func (h Histogram) plus(other Histogram) Histogram {
	switch {
	case len(other) == 0:
		return h
	case len(h) == 0:
		return other
	}
	sum := make(Histogram, 0, len(h)+len(other))
	for len(h) > 0 && len(other) > 0 {
		switch a, b := h[0], other[0]; {
		case a.Value < b.Value:
			sum, h = append(sum, a), h[1:]
		case a.Value > b.Value:
			sum, other = append(sum, b), other[1:]
		default:
			sum, h, other = append(sum, Bin{a.Value, a.Calls + b.Calls}), h[1:], other[1:]
		}
	}
	return append(append(sum, h...), other...)
}

// MarshalJSON writes the flat list.
func (h Histogram) MarshalJSON() ([]byte, error) {
	flat := make([]int64, 0, 2*len(h))
	for _, bin := range h {
		flat = append(flat, bin.Value, bin.Calls)
	}
	return json.Marshal(flat)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (h *Histogram) UnmarshalJSON(b []byte) error {
	var flat []int64
	if err := json.Unmarshal(b, &flat); err != nil {
		return err
	}
	if len(flat)%2 != 0 {
		return errors.New("a histogram is a list of values, each with its number of calls")
	}
	*h = nil
	for i := 0; i < len(flat); i += 2 {
		if i > 0 && flat[i] <= flat[i-2] || flat[i+1] < 1 {
			return errors.New("a histogram has ascending values, each of at least one call")
		}
		*h = append(*h, Bin{flat[i], flat[i+1]})
	}
	return nil
}
