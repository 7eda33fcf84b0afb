package erase

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"trunkline/pkg/archive"
)

func numbers(t testing.TB, all ...string) *Numbers {
	t.Helper()
	n, err := ParseNumbers(all, DefaultPrefixes())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestANumberIsFoundInEachOfItsForms(t *testing.T) {
	n := numbers(t, "+49 (151) 123-4567")
	for text, want := range map[string]string{
		"491511234567":                               Masked,
		"+491511234567":                              "+" + Masked,
		"01511234567":                                Masked,
		"1511234567":                                 Masked,
		"00491511234567":                             Masked,
		"011 49 151 1234567":                         Masked,
		"+49 (0)151 1234567":                         "+" + Masked,
		"+49 151 1234567":                            "+" + Masked,
		"+49 (151) 123-45.67":                        "+" + Masked,
		"0151 / 1234567 and 49-151-1234567!":         Masked + " and " + Masked + "!",
		"SIP/491511234567-00000012":                  "SIP/" + Masked + "-00000012",
		"{caller:491511234567,called:'01511234567'}": "{caller:" + Masked + ",called:'" + Masked + "'}",
		"caller=%2B49%20151%2F1234567&x":             "caller=%2B" + Masked + "&x",
		`"caller":"\u0034\x3915112345\67"`:           `"caller":"` + Masked + `"`,
		"%2049151123456%37":                          "%20" + Masked,
		"q-20181105-190531-491511234567.wav":         "q-20181105-190531-" + Masked + ".wav",
		"%3491511234567":                             Masked, // of a form
		"100% of 491511234567%":                      "100% of " + Masked + "%",

		"/rec/20181105.491511234567.wav":   "/rec/20181105." + Masked + ".wav",
		"/rec/491511234567.20181105.wav":   "/rec/" + Masked + ".20181105.wav",
		"630.491511234567.wav":             "630." + Masked + ".wav",
		"491511234567.0":                   Masked + ".0",
		"49151123456700e-2":                Masked,
		"4.91511234567e11":                 Masked,
		"4.91511234567E+11":                Masked,
		"0.491511234567e12,":               Masked + ",",
		"4915112345670e-1":                 Masked,
		"0151\u00a0123\u20094567":          Masked,
		"0151\u2013123\u20124567":          Masked,
		"\u202a0151 1234567\u202c":         "\u202a" + Masked + "\u202c",
		"49    151    1234567":             Masked,
		"\uff10\uff11\uff15\uff11/1234567": Masked, // full width
		"\u0660\u0661\u0665\u0661 1234567": Masked, // Arabic-Indic
		"\u0966\u0967\u096b\u0967 1234567": Masked, // Devanagari
		"\xa3\xb0\xa3\xb11511234567":       "\xa3\xb0\xa3\xb1" + Masked,
		"\xa3\xb0151\xa3\xb1234567":        Masked, // full width, in GBK
		"%EF%BC%90151%201234567":           Masked,
		`\uff101\u0035\u{31}1234567`:       Masked,
		"%255Cu0034915112345%2567":         "%255Cu0034915112345%2567",
		"%5Cu003491511234%3567":            Masked, // escaped twice

		"":                 "",
		"4915112345678":    "4915112345678",
		"1491511234567":    "1491511234567",
		"49 151 12345":     "49 151 12345",
		"49,1511234567":    "49," + Masked,
		"4.91511234567e10": Masked + "e10",
		"4915112345e3":     "4915112345e3",
		"e491511234567":    "e" + Masked,
		"20181105190531":   "20181105190531",
		"0043 1511234567":  "0043 " + Masked, // rather too much
	} {
		if got := n.Mask(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
		if n.In(text) != (want != text) {
			t.Errorf("%q: In reports otherwise", text)
		}
	}
}

func TestANumberWithoutItsCountryIsMeantInJustItsDigits(t *testing.T) {
	n := numbers(t, "0151/1234567")
	for text, want := range map[string]string{
		"0151-1234567": Masked, "1511234567": "1511234567", "+491511234567": "+491511234567", "0049 151 1234567": "0049 151 1234567",
	} {
		if got := n.Mask(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestPrefixesAreThoseOfTheCountry(t *testing.T) {
	n, err := ParseNumbers([]string{"+7 495 1234567"}, Prefixes{Trunk: []string{"8"}, International: []string{"810"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"8 (495) 123-45-67", "+74951234567", "810 7 495 1234567", "4951234567"} {
		if !n.In(text) {
			t.Errorf("%q is another number", text)
		}
	}
	if n.In("04951234567") {
		t.Error("0 is no prefix there")
	}
	for _, bad := range []Prefixes{{Trunk: []string{""}}, {International: []string{"+"}}, {Trunk: []string{"123456789"}}} {
		if _, err := ParseNumbers([]string{"+74951234567"}, bad); err == nil {
			t.Errorf("%q are prefixes", bad)
		}
	}
}

func TestDigitsOfAllScriptsAreDigits(t *testing.T) {
	count := 0
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if unicode.IsDigit(r) {
			if want := '0' + rune(count%10); folded(r) != want {
				t.Fatalf("%U is %c, want %c", r, folded(r), want)
			}
			count++
		}
	}
	if count < 600 {
		t.Errorf("only %d digits", count)
	}
}

func TestCountryCodesAreKnown(t *testing.T) {
	for number, want := range map[string]string{"15551234567": "1", "79161234567": "7", "491511234567": "49", "35312345678": "353", "8521234567": "852", "0151": ""} {
		if got := countryCode(number); got != want {
			t.Errorf("%s has %q, want %q", number, got, want)
		}
	}
}

func TestWhatNamesACallOrATimeIsNoNumber(t *testing.T) {
	n := numbers(t, "20181105", "1541415929", "123456789012")
	for _, c := range []struct{ member, text, want string }{
		{"startTime", "2018-11-05 19:05:31", ""},
		{"endtime", "2018/11/05T19:05:31.5Z", ""},
		{"timestamp", "1541415929.123456", ""},
		{"uuid", "1541415929.2", ""},
		{"dest_uniqueid", "pbx-1541415929.2", ""},
		{"Linkedid", "1541415929.2", ""},
		{"mac", "12:34:56:78:90:12", ""},
		{"uuid", "1541415929", Masked},
		{"uuid", "20181105-1541415929.2", Masked + "-1541415929.2"},
		{"caller", "1541415929.2", Masked + ".2"},
		{"caller", "2018-11-05", Masked},
		{"startTime", "2018-11-05", "?" + Masked},
		{"queueTime", "1541415929", "?" + Masked},
		{"queueTime", "60.1541415929", "60." + Masked},
		{"startTime", "2018-11-05 19:05:31 1541415929", "?" + Masked + " 19:05:31 " + Masked},
		{"mac", "1541415929", "?" + Masked},
	} {
		want := c.want
		if want == "" {
			want = c.text
		}
		if got := n.Member(c.member, c.text); got != want {
			t.Errorf("%s %q is %q, want %q", c.member, c.text, got, want)
		}
	}
}

func TestAnObjectWithANumberStaysOne(t *testing.T) {
	n := numbers(t, "+491511234567")
	for text, want := range map[string]string{
		`{"a":491511234567}`:                     `{"a":"0000000"}`,
		`{"a":-491511234567.5,"b":[1511234567]}`: `{"a":"-0000000.5","b":["0000000"]}`,
		`{"a":1.491511234567}`:                   `{"a":1.0000000}`,
		`{"a":4.91511234567e11}`:                 `{"a":"0000000"}`,
		`{"491511234567":{"x":"0151 1234567"}}`:  `{"0000000":{"x":"0000000"}}`,
		`{"a":[12,"b"]}`:                         `{"a":[12,"b"]}`,
		` [491511234567] `:                       ` ["0000000"] `,
		`{a:491511234567}`:                       `{a:0000000}`,
	} {
		if got := n.Member("x", text); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestWhatIsNoNumberIsRefusedAndNotRepeated(t *testing.T) {
	for _, bad := range []string{"", "801", "123456", "not-a-number", "12345678a", "0000000", "1234567,7654321", strings.Repeat("1", 21), "+0491234567"} {
		_, err := ParseNumbers([]string{"4915112345678", bad}, DefaultPrefixes())
		if err == nil || bad != "" && strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), "number 2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := ParseNumbers(nil, DefaultPrefixes()); err == nil {
		t.Error("none is one")
	}
}

func TestTheBeginningOfANumberThatAReasonCutsIsMasked(t *testing.T) {
	n := numbers(t, "+491511234567")
	for _, text := range []string{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa+491511234567", "aaaaaaaaaaaaaaaaaaaaaaaaaa\u00a0+49 151 1234567"} {
		body := fmt.Sprintf("{event:'hangup', uniqueid:'1', status:'%s'}", text)
		reason := fmt.Sprintf("line 1, column 1: %.40q can't be read", text)
		r := n.maskBody([]byte(body))
		if got := n.reason(receiptOf(reason), r); strings.Contains(got, "4915") || strings.Contains(got, "49 15") || !strings.Contains(got, Masked+`" can't`) {
			t.Errorf("%s is %s", reason, got)
		}
	}
	other := "line 1, column 1: \"4915\" can't be read"
	if got := n.reason(receiptOf(other), n.maskBody([]byte("{"))); got != other {
		t.Errorf("without the number, %s is %s", other, got)
	}
}

func FuzzNothingIsLeftOfANumberInAText(f *testing.F) {
	for _, seed := range []string{"+49 151 1234567", "caller=%2B49151%31234567", `\u0034915112345\x367`, "491511234567491511234567", "4.91511234567e11"} {
		f.Add(seed)
	}
	n := numbers(f, "491511234567")
	f.Fuzz(func(t *testing.T, text string) {
		masked := n.Mask(text)
		if n.In(masked) {
			t.Errorf("%q is masked as %q, and then as %q", text, masked, n.Mask(masked))
		}
		if n.In(text) != (masked != text) {
			t.Errorf("%q: In reports otherwise", text)
		}
	})
}

func receiptOf(reason string) archive.Receipt { return archive.Receipt{Reason: reason, Decoder: 1} }
