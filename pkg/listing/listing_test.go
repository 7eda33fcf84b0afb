package listing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"

	"trunkline/pkg/each"
)

type call struct {
	ID     string `json:"id"`
	Caller string `json:"caller"`
}

var columns = Columns[call]{
	Heads: []string{"ID", "CALLER"},
	Cells: func(c call) []string { return []string{c.ID, c.Caller} },
}

// withBad yields calls, of which the second can't be read.
func withBad(yield func(call, error) bool) {
	_ = yield(call{"1", "4711"}, nil) && yield(call{}, &each.Bad{Name: "2", Err: errors.New("torn")}) && yield(call{"3", ""}, nil)
}

func TestATableHasWhatCanBeReadAndItsErrorNamesTheRest(t *testing.T) {
	var out strings.Builder
	err := Table(t.Context(), &out, withBad, columns, "No calls.")
	if want := "ID  CALLER\n1   4711\n3   -\n"; out.String() != want {
		t.Errorf("%q, want %q", &out, want)
	}
	if !each.Only(err) || !strings.Contains(err.Error(), "2: torn") {
		t.Error(err)
	}
}

func TestAnEmptyTableIsASentence(t *testing.T) {
	for name, c := range map[string]struct {
		found iter.Seq2[call, error]
		want  string
	}{
		"nothing":                  {each.Of[call](), "No calls.\n"},
		"nothing that is readable": {func(yield func(call, error) bool) { yield(call{}, &each.Bad{Name: "1", Err: errors.New("torn")}) }, ""},
	} {
		var out strings.Builder
		err := Table(t.Context(), &out, c.found, columns, "No calls.")
		if out.String() != c.want || err != nil && !each.Only(err) {
			t.Errorf("%s: %q, %v", name, &out, err)
		}
	}
	var out strings.Builder
	if err := Section(t.Context(), &out, "Calls", each.Of[call](), columns); err != nil || out.Len() > 0 {
		t.Errorf("a section: %q, %v", &out, err)
	}
}

func TestASectionIsIndentedUnderItsTitle(t *testing.T) {
	var out strings.Builder
	err := Section(t.Context(), &out, "Calls", withBad, columns)
	if want := "Calls\n  ID  CALLER\n  1   4711\n  3   -\n"; out.String() != want || !each.Only(err) {
		t.Errorf("%q, %v", &out, err)
	}
}

// A caller may send any text. Each of these would do something to a terminal, or hide in it.
func TestNoTextSteersTheTerminal(t *testing.T) {
	for _, text := range []string{"\x1b[2J", "\u009b2J", "a\rb", "a\u202eb", "\x07", "\U000e0041"} {
		if plain := Plain(text); strings.Contains(plain, text) {
			t.Errorf("a table shows %q", plain)
		}
		var out bytes.Buffer
		if err := JSON(&out).Encode(call{ID: text}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), text) {
			t.Errorf("JSON shows %q", &out)
		}
		var back call
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.ID != text {
			t.Errorf("JSON of %q is read as %q, %v", text, back.ID, err)
		}
	}
	if got := Plain(""); got != "-" {
		t.Errorf("an empty cell is %q", got)
	}
}

// full is an output that can't be written.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAnOutputThatFailsEndsTheList(t *testing.T) {
	read := 0
	endless := func(yield func(call, error) bool) {
		for ; yield(call{"1", ""}, nil); read++ {
		}
	}
	if err := Table(t.Context(), full{}, endless, columns, ""); err == nil || each.Only(err) || read > 2*alignedAtOnce {
		t.Errorf("a table: %v after %d rows", err, read)
	}
	read = 0
	encoder := JSON(full{})
	err := Rows(context.Background(), endless, func(c call) error { return encoder.Encode(c) })
	if err == nil || each.Only(err) || read > 1 {
		t.Errorf("JSON: %v after %d rows", err, read)
	}
}
