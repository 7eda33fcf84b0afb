package docs

import (
	"strings"
	"testing"
)

// An answered call whose wait is not known is in neither part of a service level.
func TestSamplesOfAServiceLevelLeaveOutUnknownWaits(t *testing.T) {
	text := read(t, "bi.md")
	for _, want := range []string{
		"sum(answered_within_threshold) * 1.0 / nullif(sum(answered_wait_known + abandoned), 0) as service_level",
		"total.answered_within_threshold / (total.answered_wait_known + total.abandoned)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("bi.md has no sample with %s", want)
		}
	}
	if strings.Contains(text, "(answered + abandoned)") || strings.Contains(text, "(total.answered + total.abandoned)") {
		t.Error("a sample divides by all answered calls")
	}
}
