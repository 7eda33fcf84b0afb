package hostile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheREADMEHasTheTableOfBadInputs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
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
		t.Errorf("README.md has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
