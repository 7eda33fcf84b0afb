package erase

import (
	"strings"
	"testing"
)

func numbers(t testing.TB, spellings ...string) *Numbers {
	t.Helper()
	n, err := ParseNumbers(spellings)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestANumberIsFoundInEachOfItsForms(t *testing.T) {
	n := numbers(t, "+49 (151) 123-4567", "0151/1234567")
	for text, want := range map[string]string{
		"491511234567":                               Masked,
		"+491511234567":                              "+" + Masked,
		"01511234567":                                Masked,
		"+49 151 1234567":                            "+" + Masked,
		"+49 (151) 123-45.67":                        "+" + Masked,
		"0151 / 1234567 and 49-151-1234567!":         Masked + " and " + Masked + "!",
		"SIP/491511234567-00000012":                  "SIP/" + Masked + "-00000012",
		"{caller:491511234567,called:'01511234567'}": "{caller:" + Masked + ",called:'" + Masked + "'}",
		"caller=%2B49%20151%2F1234567&x":             "caller=%2B" + Masked + "&x",
		`"caller":"\u0034\x39151123456\7"`:           `"caller":"` + Masked + `"`,
		"%2049151123456%37":                          "%20" + Masked,
		"q-20181105-190531-491511234567.wav":         "q-20181105-190531-" + Masked + ".wav",

		"":                      "",
		"4915112345678":         "4915112345678",
		"1491511234567":         "1491511234567",
		"0049 1511234567":       "0049 1511234567", // another spelling
		"49 151 12345":          "49 151 12345",
		"491511234567.12":       "491511234567.12",
		"1.491511234567":        "1.491511234567",
		"49    1511234567":      "49    1511234567",
		"49,1511234567":         "49,1511234567",
		"%3491511234567":        Masked, // of a form
		"100% of 491511234567%": "100% of " + Masked + "%",
	} {
		if got := n.Mask(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
		if n.In(text) != (want != text) {
			t.Errorf("%q: In tells otherwise", text)
		}
	}
}

func TestADateIsNoNumber(t *testing.T) {
	n := numbers(t, "20181105", "1541415931", "2018110519")
	for _, text := range []string{"2018-11-05 19:05:31", "2018-11-05", "1541415931.2", "2018-11-05T19:05:31Z"} {
		if got := n.Mask(text); got != text {
			t.Errorf("%s is %s", text, got)
		}
	}
	if got := n.Mask("20 18-11 05"); got != Masked {
		t.Error(got)
	}
}

func TestWhatIsNoNumberIsRefusedAndNotRepeated(t *testing.T) {
	for _, bad := range []string{"", "801", "123456", "not-a-number", "12345678a", "0000000", "1234567,7654321", strings.Repeat("1", 21)} {
		if _, err := ParseNumbers([]string{"4915112345678", bad}); err == nil || bad != "" && strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), "number 2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ParseNumbers(nil); err == nil {
		t.Error("none is one")
	}
}

func FuzzNothingIsLeftOfANumber(f *testing.F) {
	for _, seed := range []string{"+49 151 1234567", "caller=%2B49151%31234567", `\u0034915112345\x367`, "491511234567491511234567"} {
		f.Add(seed)
	}
	n := numbers(f, "491511234567")
	f.Fuzz(func(t *testing.T, text string) {
		masked := n.Mask(text)
		if n.In(masked) {
			t.Errorf("%q is masked as %q, and then as %q", text, masked, n.Mask(masked))
		}
		if !strings.ContainsAny(text, "0123456789") && masked != text {
			t.Errorf("%q has no digit, and becomes %q", text, masked)
		}
	})
}
