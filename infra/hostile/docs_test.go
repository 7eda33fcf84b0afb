package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/kpi"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
)

func TestTheDocumentsHaveTheTableOfBadInputs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "http.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Bad inputs\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var got, want []string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "| ") {
			got = append(got, strings.TrimSuffix(line, "\n"))
		}
	}
	for _, bad := range Table() {
		want = append(want, bad.Row())
	}
	if len(got) == 0 || !slices.Equal(got[1:], want) {
		t.Errorf("http.md has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheDocumentsHaveTheBoundsOfWhatOnePBXCanCause(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(string(text)), " ")
	for _, want := range []string{
		fmt.Sprintf("%d days an hour are computed at the most", rollup.DaysAtOnce),
		fmt.Sprintf("rows for %d,000 queues and %d,000 agents", kpi.MaxNames/1000, kpi.MaxNames/1000),
		fmt.Sprintf("has %d bytes at the most", pbx.MaxName),
	} {
		if !strings.Contains(words, want) {
			t.Errorf("security.md does not say %q", want)
		}
	}
}
