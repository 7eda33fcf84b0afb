package docs

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"trunkline/pkg/config"
	"trunkline/pkg/kpi"
)

func TestDefaultsAreAsInTheCode(t *testing.T) {
	for name, wants := range map[string][]string{
		"figures.md": {
			fmt.Sprintf("| service level | %d s |", kpi.DefaultServiceLevel),
			fmt.Sprintf("| short abandon | %d s |", kpi.DefaultSettings.ShortAbandon),
			fmt.Sprintf("short-abandon threshold (%d s)", kpi.DefaultSettings.ShortAbandon),
			fmt.Sprintf("*closes* %.0f minutes after its end (`GRACE_MINUTES`)", config.DefaultSchedule().Grace.Minutes()),
		},
	} {
		text := read(t, name)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
}

var (
	stackName = regexp.MustCompile(`(?m)^stack_name = "(.*)"`)
	stackUsed = regexp.MustCompile(`(?:--stack |TRUNKLINE_STACK=|adopt\.sh )([A-Za-z-]+)`)
)

func TestStacksAreNamedAsTheyAreDeployed(t *testing.T) {
	names := []string{"NAME"} // of any stack
	for _, match := range stackName.FindAllStringSubmatch(read(t, "../../samconfig.toml"), -1) {
		names = append(names, match[1])
	}
	used := 0
	for _, name := range documents(t) {
		for _, match := range stackUsed.FindAllStringSubmatch(read(t, name), -1) {
			if used++; !slices.Contains(names, match[1]) {
				t.Errorf("%s names the stack %s; samconfig.toml has %q", name, match[1], names)
			}
		}
	}
	if used < 8 {
		t.Errorf("only %d commands name a stack", used)
	}
}

func TestTheREADMENamesEveryPackage(t *testing.T) {
	folders, err := os.ReadDir("../../pkg")
	if err != nil || len(folders) < 20 {
		t.Fatalf("%d packages, %v", len(folders), err)
	}
	text := read(t, readme)
	for _, folder := range folders {
		if name := folder.Name(); name != "faulttest" && !strings.Contains(text, "`pkg/"+name+"`") {
			t.Errorf("the README does not say what pkg/%s knows", name)
		}
	}
}
