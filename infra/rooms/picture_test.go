package rooms

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "draw the picture in the README anew")

// drawn are the rooms of the picture: what is deployed and what operators run.
const drawn = "./functions/... ./pkg/... ./infra/pbxctl -./pkg/store/storetest -./pkg/archive/archivetest -./pkg/ingest/ingesttest"

// The README's picture of the code is drawn from the imports, but for those that go through
// another room of the picture too.
func TestThePictureOfTheCodeIsTheCode(t *testing.T) {
	file := filepath.Join(root, "README.md")
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "```mermaid\nflowchart TD\n", "```\n"
	before, rest, ok := strings.Cut(string(readme), begin)
	shown, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the README has no picture of the code, which begins with flowchart TD")
	}
	picture := load(t).picture()
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+picture+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if shown != picture {
		t.Errorf("go test ./infra/rooms -update draws it anew; the code is\n%s", picture)
	}
}

func TestAPictureLeavesOutWhatGoesThroughAnotherRoom(t *testing.T) {
	repo := repository{packages: map[string]goPackage{
		"trunkline/functions/x": {imports: []string{"trunkline/pkg/a", "trunkline/pkg/b", "fmt"}},
		"trunkline/pkg/a":       {imports: []string{"trunkline/pkg/b", "trunkline/infra/elsewhere"}},
		"trunkline/pkg/b":       {},
	}}
	const want = "  functions/x --> a\n  a --> b\n"
	if got := repo.picture(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// picture draws who imports whom, a line for each arrow.
func (r repository) picture() string {
	var lines strings.Builder
	for _, at := range slices.Sorted(maps.Keys(r.packages)) {
		if !within(at, drawn) {
			continue
		}
		direct := r.drawnImports(at)
		for _, to := range direct {
			if !slices.ContainsFunc(direct, func(through string) bool { return slices.Contains(r.reached(through, links), to) }) {
				lines.WriteString("  " + roomName(at) + " --> " + roomName(to) + "\n")
			}
		}
	}
	return lines.String()
}

func (r repository) drawnImports(at string) (found []string) {
	for _, to := range r.packages[at].imports {
		if within(to, drawn) {
			found = append(found, to)
		}
	}
	return found
}

func roomName(at string) string {
	return strings.TrimPrefix(strings.TrimPrefix(at, module+"/"), "pkg/")
}
