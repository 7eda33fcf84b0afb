package version

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// Text describes in one line what this program was built from: the module's version, if it has
// one, the revision and its time, and whether files differed from it.
func Text() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown
	}
	return text(info)
}

const unknown = "unknown (built outside a clone of the repository)"

func text(info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	var parts []string
	if v := info.Main.Version; v != "" && v != "(devel)" {
		parts = append(parts, v)
	}
	if revision := settings["vcs.revision"]; revision != "" {
		parts = append(parts, fmt.Sprintf("revision %.12s of %s", revision, settings["vcs.time"]))
	}
	if len(parts) == 0 {
		return unknown
	}
	if settings["vcs.modified"] == "true" {
		parts = append(parts, "with changed files")
	}
	return strings.Join(parts, ", ")
}
