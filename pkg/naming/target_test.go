package naming

import "testing"

func TestATargetIsAShareWithinSeconds(t *testing.T) {
	for text, want := range map[string]Target{"80/20": {80, 20}, "100/0": {100, 0}, "": {}} {
		if got, err := ParseTarget(text); got != want || err != nil || got.String() != text {
			t.Errorf("%q: %+v, %v, %s", text, got, err, got)
		}
	}
	for _, text := range []string{"80", "80/", "/20", "80/20/1", "0/20", "101/20", "80/-1", "80/86401", "80%/20s", "80 / 20"} {
		if got, err := ParseTarget(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}
