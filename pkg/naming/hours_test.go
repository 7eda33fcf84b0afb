package naming

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestOpeningHoursAreReadInAnyOrderAndWrittenInOne(t *testing.T) {
	for _, c := range []struct{ text, canonical string }{
		{"Mo-Fr 08:00-18:00; Sa 09:00-13:00", "Mo-Fr 08:00-18:00; Sa 09:00-13:00"},
		{" sa 9:00-13:00 ;MO-fr 8:00 - 18:00; ", "Mo-Fr 08:00-18:00; Sa 09:00-13:00"},
		{"Fr,Mo-We,Th 08:00–18:00", "Mo-Fr 08:00-18:00"}, // a dash of word processors
		{"Mo, We 13:00-17:00,08:00-12:00", "Mo 08:00-12:00,13:00-17:00; We 08:00-12:00,13:00-17:00"},
		{"Mo 08:00-12:00,12:00-17:00", "Mo 08:00-17:00"},
		{"24/7", "Mo-Su 00:00-24:00"},
		{"Sa-Mo 10:00-11:00", "Mo 10:00-11:00; Sa-Su 10:00-11:00"},
		{"Fr 22:00-06:00", "Fr 22:00-24:00; Sa 00:00-06:00"},
		{"Mo-Su 22:00-06:00", "Mo-Su 00:00-06:00,22:00-24:00"},
		{"Su 20:00-02:00; Mo 02:00-04:00", "Mo 00:00-04:00; Su 20:00-24:00"},
		{"Mo 00:00-24:00", "Mo 00:00-24:00"},
		{"Mo 08:00-00:00", "Mo 08:00-24:00"},
		{"", ""},
	} {
		h, err := ParseHours(c.text)
		if err != nil || h.String() != c.canonical {
			t.Errorf("%q is %q, %v, and should be %q", c.text, h, err, c.canonical)
		}
	}
}

func TestOpeningHoursThatMakeNoSenseAreRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Mo-Fr", "is not days and times"},
		{"08:00-18:00", "is not days and times"},
		{"Mo 08:00-18:00;;Tu 08:00-18:00", `"" is not days and times`},
		{"Mon 08:00-18:00", `"Mon" is not a day of Mo Tu We Th Fr Sa Su`},
		{"Mo- 08:00-18:00", `"" is not a day of`},
		{"Mo-We-Fr 08:00-18:00", `"We-Fr" is not a day of`},
		{"Mo 8-18", `"8-18" is not a time such as 08:00-18:00`},
		{"Mo 08:60-18:00", "is not a time such as"},
		{"Mo 08:00-25:00", "is not a time from 00:00 to 24:00"},
		{"Mo 24:00-08:00", "is not a time from 00:00 to 24:00"},
		{"Mo 08:00-08:00", "is not a time from 00:00 to 24:00"},
		{"Mo 08:00-18:00 off", "is not a time such as"},
		{"Mo-Fr 08:00-18:00; We 10:00-12:00", "We is named twice"},
		{"Mo,Mo 08:00-18:00", "Mo is named twice"},
		{"Mo 08:00-12:00,11:00-13:00", "on Mo, 08:00-12:00 and 11:00-13:00 overlap"},
		{"Su 22:00-06:00; Mo 05:00-08:00", "on Mo, 00:00-06:00 and 05:00-08:00 overlap"},
		{"Mo,We,Fr,Su 1:00-1:01,2:00-2:01,3:00-3:01,4:00-4:01,5:00-5:01,6:00-6:01,7:00-7:01,8:00-8:01,9:00-9:01,10:00-10:01", "at most 400 bytes"},
		{strings.Repeat("Mo 08:00-18:00;", 100), "opening hours are at most 400 bytes"},
	} {
		if h, err := ParseHours(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, %v, not %q", c.text, h, err, c.want)
		}
	}
}

func TestOpeningsAreMinutesOfWeekdays(t *testing.T) {
	h, err := ParseHours("Su 22:30-01:00; Mo 08:00-18:15")
	want := Hours{{1, 0, 60}, {1, 480, 1095}, {7, 1350, 1440}}
	if err != nil || !reflect.DeepEqual(h, want) {
		t.Errorf("%v, %v", h, err)
	}
}

// FuzzOpeningHours holds that whatever is read is written in a form that reads the same, and
// that openings are in order and apart.
func FuzzOpeningHours(f *testing.F) {
	for _, text := range []string{"Mo-Fr 08:00-18:00; Sa 09:00-13:00", "24/7", "Fr-Mo 22:00-06:00", "Mo,We 8:00-12:00,13:00–17:00;", "Mo 24:00-0:00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHours(text)
		if err != nil {
			return
		}
		again, err := ParseHours(h.String())
		if err != nil || again.String() != h.String() || !slices.Equal(h, again) {
			t.Errorf("%q is %q, and that is %q, %v", text, h, again, err)
		}
		last := Opening{}
		for _, o := range h {
			if o.Weekday < 1 || o.Weekday > 7 || o.Opens < 0 || o.Opens >= o.Closes || o.Closes > 1440 ||
				o.Weekday < last.Weekday || o.Weekday == last.Weekday && o.Opens <= last.Closes {
				t.Errorf("%q: %v after %v", text, o, last)
			}
			last = o
		}
	})
}
