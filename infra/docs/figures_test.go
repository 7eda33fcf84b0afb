package docs

import (
	"encoding/json"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"trunkline/pkg/kpi"
)

// example is the day of figures.md.
func example() kpi.Tally {
	waits := func(seconds ...int64) (h kpi.Histogram) {
		for _, s := range seconds {
			h = append(h, kpi.Bin{Value: s, Calls: 1})
		}
		return h
	}
	return kpi.Tally{
		Counts: kpi.Counts{
			Outcomes:       kpi.Outcomes{Offered: 8, Answered: 3, Abandoned: 3, FlowedOut: 1, Voicemail: 1},
			AnsweredWaits:  waits(5, 15, 40),
			AbandonedWaits: waits(6, 18, 50),
			GaveUpWaits:    waits(6, 18, 50),
		},
		Waited: 8, Wait: kpi.Total{Sum: 189, Max: 50},
		Talk: kpi.Total{Sum: 270, Max: 120}, Hold: kpi.Total{Sum: 30, Max: 20}, WrapUp: kpi.Total{Sum: 30, Max: 15}, Handled: 3, HandleTime: 270 + 30 + 30,
	}
}

var figureRow = regexp.MustCompile("(?m)^\\| `(\\w+)`[^|]*\\|.*\\| ([0-9.]+) \\|$")

func TestTheExamplesOfFiguresAddUp(t *testing.T) {
	figures := example().Figures(kpi.Thresholds{ServiceLevel: 20, ShortAbandon: 10})
	computed := numbers(t, figures)
	maps.Copy(computed, numbers(t, figures.ServiceLevel))
	rows := figureRow.FindAllStringSubmatch(read(t, "figures.md"), -1)
	if len(rows) != 27 {
		t.Errorf("%d figures have an example, want 27", len(rows))
	}
	for _, row := range rows {
		_, decimals, _ := strings.Cut(row[2], ".")
		got, known := computed[row[1]]
		if want := strconv.FormatFloat(got, 'f', len(decimals), 64); !known || row[2] != want {
			t.Errorf("figures.md says that %s is %s, and it is %s", row[1], row[2], want)
		}
	}
}

func TestEveryFigureIsDocumented(t *testing.T) {
	text := read(t, "figures.md")
	figures := example().Figures(kpi.Thresholds{})
	for name := range numbers(t, figures) {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("figures.md has no `%s`", name)
		}
	}
}

// numbers are the members of a value that are numbers.
func numbers(t *testing.T, of any) map[string]float64 {
	t.Helper()
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for name, value := range members {
		if n, ok := value.(float64); ok {
			found[name] = n
		}
	}
	return found
}
