package version

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestAVersionIsThatOfTheModuleAndOfTheRevision(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}
	at := debug.BuildSetting{Key: "vcs.time", Value: "2026-11-24T12:00:00Z"}
	changed := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for _, c := range []struct {
		name, module string
		settings     []debug.BuildSetting
		want         string
	}{
		{"a release", "v1.2.3", nil, "v1.2.3"},
		{"a release from a clone", "v1.2.3", []debug.BuildSetting{revision, at}, "v1.2.3, revision 0123456789ab of 2026-11-24T12:00:00Z"},
		{"a clone", "(devel)", []debug.BuildSetting{revision, at}, "revision 0123456789ab of 2026-11-24T12:00:00Z"},
		{"a clone with changes", "(devel)", []debug.BuildSetting{revision, at, changed}, "revision 0123456789ab of 2026-11-24T12:00:00Z, with changed files"},
		{"neither", "(devel)", nil, unknown},
		{"nothing", "", nil, unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := text(&debug.BuildInfo{Main: debug.Module{Version: c.module}, Settings: c.settings}); got != c.want {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestAVersionIsNeverOnlyDevel(t *testing.T) {
	if got := Text(); got == "" || strings.Contains(got, "(devel)") {
		t.Errorf("%q", got)
	}
}
