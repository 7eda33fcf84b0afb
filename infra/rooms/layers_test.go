package rooms

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// layered are the packages of the table of layers: what is deployed and what operators run.
const layered = "./functions/... ./pkg/... ./infra/pbxctl -./pkg/store/storetest -./pkg/archive/archivetest -./pkg/ingest/ingesttest -./pkg/cloud/cloudtest -./pkg/token/tokentest -./pkg/fleetsheet/fleetsheettest -./pkg/faulttest"

func TestTheTableOfLayersIsTheCode(t *testing.T) {
	document, err := os.ReadFile(filepath.Join(root, "infra", "docs", "design.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, mistake := range load(t).mistakes(layers(string(document))) {
		t.Error("design.md: " + mistake)
	}
}

func TestATableOfLayersCanBeWrong(t *testing.T) {
	repo := repository{packages: map[string]goPackage{
		"trunkline/functions/x": {imports: []string{"trunkline/pkg/a", "fmt"}},
		"trunkline/pkg/a":       {imports: []string{"trunkline/pkg/b", "trunkline/infra/elsewhere"}},
		"trunkline/pkg/b":       {},
	}}
	for name, test := range map[string]struct{ table, want string }{
		"right":           {"| p | `functions/x` |\n| q | `a` |\n| r | `b` |\n", ""},
		"on one row":      {"| p | `functions/x` |\n| q | `a`, `b` |\n", "a imports b, which is not below it"},
		"upside down":     {"| p | `functions/x` |\n| q | `b` |\n| r | `a` |\n", "a imports b, which is not below it"},
		"one is missing":  {"| p | `functions/x` |\n| q | `a` |\n", "b is in no layer"},
		"one is too many": {"| p | `functions/x` |\n| q | `a` |\n| r | `b`, `c` |\n", "c is no package"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(repo.mistakes(layers("\n## Layers\n\n"+test.table)), "; "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

var quoted = regexp.MustCompile("`([^`]+)`")

// layers reads the table of layers: the row of each package.
func layers(document string) map[string]int {
	_, section, _ := strings.Cut(document, "\n## Layers\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string]int{}
	row := 0
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		row++
		for _, found := range quoted.FindAllStringSubmatch(line, -1) {
			rows[found[1]] = row
		}
	}
	return rows
}

// mistakes lists where a table of layers differs from the code.
func (r repository) mistakes(rows map[string]int) (found []string) {
	left := maps.Clone(rows) // that name no package, in the end
	for _, at := range slices.Sorted(maps.Keys(r.packages)) {
		if !within(at, layered) {
			continue
		}
		name := roomName(at)
		if rows[name] == 0 {
			found = append(found, name+" is in no layer")
		}
		delete(left, name)
		for _, to := range r.packages[at].imports {
			if below := rows[roomName(to)]; within(to, layered) && below > 0 && below <= rows[name] {
				found = append(found, name+" imports "+roomName(to)+", which is not below it")
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		found = append(found, name+" is no package")
	}
	return found
}

func roomName(at string) string {
	return strings.TrimPrefix(strings.TrimPrefix(at, module+"/"), "pkg/")
}
