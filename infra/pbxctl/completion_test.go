package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/infra/pbxctl/completion"
)

func TestCompletionKnowsCommandsAndFlagsAndLeavesValuesToTheShell(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][]string{
		"d":                           {"serve", "demo", "device", "doctor", "version"},
		"device ":                     {"url", "list", "replace"},
		"device url --":               {"--stack", "--data", "--base", "--help"},
		"device url --stack device -": {"--csv"}, // a value that is named as a command
		"doctor --":                   {"--stack", "--url"},
		"kpi explain --queue":         {"--queue", "--figure"},
	} {
		out, code := examine(t, nil, time.Now, append([]string{"completion", "words", "--"}, strings.Split(typed, " ")...)...)
		for _, word := range want {
			if !slices.Contains(strings.Fields(out), word) {
				t.Errorf("%q: no %s in %q, exit %d", typed, word, out, code)
			}
		}
		if strings.Contains(out, "--table") {
			t.Errorf("%q shows a hidden flag: %q", typed, out)
		}
	}
	if out, code := examine(t, nil, time.Now, "completion", "words", "--", "calls", "--data", ""); out != "" || code != 0 {
		t.Errorf("a folder: %q, exit %d", out, code)
	}
}

func TestEachShellUnderstandsItsScript(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script, code := examine(t, nil, time.Now, "completion", shell)
		if code != 0 || !strings.Contains(script, "pbxctl completion words -- ") {
			t.Errorf("%s: exit %d: %q", shell, code, script)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			continue // one that is not on this machine
		}
		check := exec.CommandContext(t.Context(), path, "-n")
		check.Stdin = strings.NewReader(script)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, out)
		}
	}
}

func TestBashCompletesByTheScript(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	command := exec.CommandContext(t.Context(), bash, "-c", completion.Scripts()["bash"]+`pbxctl() { "$BINARY" "$@"; }
COMP_WORDS=(pbxctl device re); COMP_CWORD=2; _pbxctl; echo "${COMPREPLY[@]}"`)
	command.Env = append(command.Environ(), "BINARY="+binary)
	out, err := command.CombinedOutput()
	if got := string(out); err != nil || got != "revoke replace remove\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTheVersionSaysMoreThanDevel(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"version", "--version"} {
		out, code := examine(t, nil, time.Now, args)
		if code != 0 || !strings.HasPrefix(out, "pbxctl ") || strings.Contains(out, "(devel)") || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: exit %d, %q", args, code, out)
		}
	}
}
