package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var gitCommand = regexp.MustCompile(`(?m)^git [^#\n]*`)

// gitCommands are those of a section of operations.md, without what is made afterwards.
func gitCommands(t *testing.T, section string) (found []string) {
	t.Helper()
	_, text, _ := strings.Cut(read(t, "operations.md"), "\n### "+section+"\n")
	text, _, _ = strings.Cut(text, "\n### ")
	for _, line := range gitCommand.FindAllString(text, -1) {
		line, _, _ = strings.Cut(line, "&& make")
		found = append(found, strings.ReplaceAll(line, "RELEASE", "v1"))
	}
	return found
}

// An operator's clone has a commit of samconfig.toml, and a change of it that is not committed. The
// second release adds a file.
const operatorsClone = `
git init -q -b main theirs && cd theirs
echo settings >samconfig.toml; echo one >kept; git add . && git commit -qm one && git tag v1
git clone -q . ../ours
echo two >kept; echo two >added; git add . && git commit -qm two
cd ../ours
echo region >>samconfig.toml; git commit -qam region
`

func TestAnUpgradeAndARollBackKeepTheSettings(t *testing.T) {
	folder := t.TempDir()
	run := func(at, script string) {
		t.Helper()
		command := exec.Command("sh", "-ec", script)
		command.Dir = filepath.Join(folder, at)
		command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		if printed, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, printed)
		}
	}
	has := func(when, settings, kept string, added bool) {
		t.Helper()
		ours := filepath.Join(folder, "ours")
		_, err := os.Stat(filepath.Join(ours, "added"))
		if got := read(t, filepath.Join(ours, "samconfig.toml")); got != settings {
			t.Errorf("%s, samconfig.toml has %q", when, got)
		}
		if got := read(t, filepath.Join(ours, "kept")); got != kept || (err == nil) != added {
			t.Errorf("%s, the release's file has %q, and the file that the second release added: %v", when, got, err)
		}
	}

	run(".", operatorsClone)
	upgrade, back := gitCommands(t, "Upgrade"), gitCommands(t, "Roll back")
	if len(upgrade) != 1 || len(back) != 2 {
		t.Fatalf("operations.md says %q and %q", upgrade, back)
	}
	run("ours", "echo zone >>samconfig.toml; "+upgrade[0])
	has("after an upgrade", "settings\nregion\nzone\n", "two\n", true)
	run("ours", "git commit -qam zone; "+back[0])
	has("after a rollback", "settings\nregion\nzone\n", "one\n", false)
	run("ours", back[1])
	has("after the rollback was left", "settings\nregion\nzone\n", "two\n", true)
}
