package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// allCommands returns each command that can be run, by its name.
func allCommands(t *testing.T) map[string]*kong.Node {
	t.Helper()
	all := map[string]*kong.Node{}
	for _, leaf := range leaves(t) {
		all[strings.TrimPrefix(leaf.FullPath(), "pbxctl ")] = leaf
	}
	return all
}

func TestEachExampleOfAHelpIsUnderstood(t *testing.T) {
	t.Parallel()
	all := allCommands(t)
	if len(all) < 35 {
		t.Fatalf("only %d commands were found", len(all))
	}
	for name, command := range all {
		examples := 0
		for line := range strings.Lines(strings.ReplaceAll(command.Detail, "\\\n", " ")) {
			text, found := strings.CutPrefix(line, "  pbxctl ")
			if !found {
				continue
			}
			examples++
			if err := parse(t, ends.ReplaceAllString(strings.TrimSpace(text), "")); err != nil {
				t.Errorf("pbxctl %s --help: pbxctl %s: %v", name, strings.TrimSpace(text), err)
			}
		}
		if examples == 0 {
			t.Errorf("pbxctl %s --help has no example", name)
		}
	}
}
