package policy

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	overrides = regexp.MustCompile(`(?m)^parameter_overrides = "(.*)"$`)
	named     = regexp.MustCompile(`(?:^| )(\w+)=`)
)

// Without the second one AWS refuses a template with others in it.
func TestSamconfigAllowsRolesAndNestedTemplates(t *testing.T) {
	file, err := os.ReadFile("../../samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	const want = "capabilities = \"CAPABILITY_IAM CAPABILITY_AUTO_EXPAND\"\n"
	if n, all := strings.Count(string(file), want), strings.Count(string(file), "capabilities"); n != all || n < 2 {
		t.Errorf("%d of %d capabilities are %s", n, all, want)
	}
}

func TestSamconfigSetsParametersThatTheTemplateHas(t *testing.T) {
	file, err := os.ReadFile("../../samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	parameters := load(t, "../../template.yaml").parameters
	lines := overrides.FindAllStringSubmatch(string(file), -1)
	if len(lines) != strings.Count(string(file), "parameter_overrides") || len(lines) < 2 {
		t.Errorf("%d lines of parameters are understood", len(lines))
	}
	for _, line := range lines {
		for _, name := range named.FindAllStringSubmatch(line[1], -1) {
			if parameters[name[1]] == nil {
				t.Errorf("the template has no parameter %s", name[1])
			}
		}
	}
}
