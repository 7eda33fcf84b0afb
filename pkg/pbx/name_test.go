package pbx

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestALongNameIsShortenedAndStaysDifferentFromOthers(t *testing.T) {
	seen := map[string]string{}
	for _, long := range []string{
		strings.Repeat("x", MaxName+1), strings.Repeat("x", MaxName+2), strings.Repeat("x", 30_000),
		strings.Repeat("\U0001F4A9", 41), strings.Repeat("é", 100) + "a", strings.Repeat("é", 100) + "b",
	} {
		got := ShortName(long)
		if len(got) > MaxName || !utf8.ValidString(got) || !strings.HasPrefix(long, got[:100]) {
			t.Errorf("%.20q… of %d bytes is %q", long, len(long), got)
		}
		if other, there := seen[got]; there {
			t.Errorf("%.20q… and %.20q… are the same", long, other)
		}
		if seen[got] = long; ShortName(got) != got {
			t.Errorf("%q is shortened again", got)
		}
	}
}

func TestANameOfAnyRealPBXStaysAsItIs(t *testing.T) {
	for _, name := range []string{"", "630", "1541415929.807", strings.Repeat("x", MaxName)} {
		if got := ShortName(name); got != name {
			t.Errorf("%q is %q", name, got)
		}
	}
}

func TestAnExcerptHasNoPartOfANumber(t *testing.T) {
	a := strings.Repeat("a", 30)
	for text, want := range map[string]string{
		"soon": "soon", a + "4915112345678": a, a + " +49 151 12345678": a, a + "x49": a + "x49", a + "(0)151-12345678901b": a,
		"4915112345678 " + a + "b": "4915112345678 " + a[:26], strings.Repeat("1", 41): "", "０" + strings.Repeat("９", 60): "",
	} {
		if got := Excerpt(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
