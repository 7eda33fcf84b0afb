package ingest

import (
	"strings"
	"testing"
)

func TestALongHeaderIsHandedOnCutShort(t *testing.T) {
	for value, want := range map[string]string{
		"": "", "text/plain; charset=GBK": "text/plain; charset=GBK",
		strings.Repeat("x", 256): strings.Repeat("x", 256), strings.Repeat("x", 257): strings.Repeat("x", 256),
	} {
		if got := bounded(value); got != want {
			t.Errorf("%q is handed on as %q", value, got)
		}
	}
}
