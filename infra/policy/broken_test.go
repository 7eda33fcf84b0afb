package policy

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// An example breaks one rule in one way.
type example struct {
	template template
	found    string
}

// broken are examples for each rule: those of testdata/broken.yaml, and some that are too
// large for it.
func broken(t testing.TB) map[string][]example {
	t.Helper()
	file, err := os.ReadFile("testdata/broken.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var written map[string][]struct {
		Found    string
		Template yaml.Node
	}
	if err := yaml.Unmarshal(file, &written); err != nil {
		t.Fatal(err)
	}
	all := map[string][]example{"the template is within CloudFormation's limits": {
		{parse(t, "Resources:\n"+numbered("  R%d: {}\n", resourcesAtMost+1)), "template: 401 resources, at most 400"},
		{parse(t, "Parameters:\n"+numbered("  P%d: {}\n", parametersAtMost+1)), "template: 201 parameters, at most 200"},
		{parse(t, "Outputs:\n"+numbered("  O%d: {}\n", outputsAtMost+1)), "template: 201 outputs, at most 200"},
		{parse(t, "Description: "+strings.Repeat("x", bytesAtMost)), "template: 500013 bytes, at most 500000"},
	}}
	for rule, examples := range written {
		for _, e := range examples {
			all[rule] = append(all[rule], example{understand(&e.Template), e.Found})
		}
	}
	return all
}

func numbered(line string, n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, line, i)
	}
	return out.String()
}
