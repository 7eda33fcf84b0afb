package pbx

import (
	"encoding/json"
	"testing"
	"time"
)

func TestAMACIsReadInAnyUsualSpelling(t *testing.T) {
	for _, s := range []string{"68692e0b0001", "68692E0B0001", "68:69:2e:0b:00:01", "68-69-2E-0B-00-01  ", "6869.2e0b.0001", "\t68:69:2e:0b:00:01\n"} {
		if got, err := ParseMAC(s); got != "68692e0b0001" || err != nil {
			t.Errorf("%q: %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", " ", "68:69:2e:0b:00", "68:69:2e:0b:00:01:02", "68:69:2e:0b:00:0g", "68/69/2e/0b/00/01", "6８692e0b0001", "..", "68692e0b0001/.."} {
		if got, err := ParseMAC(s); got != "" || err == nil {
			t.Errorf("%q: %s, %v", s, got, err)
		}
	}
}

func TestALocalTimeIsReadAndWrittenAsThePBXsClockShowedIt(t *testing.T) {
	for s, want := range map[string]string{
		"2018-11-05 19:05:31":     "2018-11-05T19:05:31",
		"2018-11-05T19:05:31":     "2018-11-05T19:05:31",
		"2018-11-05 19:05:31.987": "2018-11-05T19:05:31",
		"1970-01-01 00:00:00":     "1970-01-01T00:00:00",
		"2024-02-29 23:59:59":     "2024-02-29T23:59:59",
		"9999-12-31 23:59:59":     "9999-12-31T23:59:59",
	} {
		got, err := ParseLocalTime(s)
		if err != nil || got.String() != want || got.Day().String() != want[:10] {
			t.Errorf("%s: %s of %s, %v", s, got, got.Day(), err)
		}
		var back LocalTime
		text, err := json.Marshal(got)
		if err == nil {
			err = json.Unmarshal(text, &back)
		}
		if err != nil || back != got {
			t.Errorf("%s comes back as %s, %v", text, back, err)
		}
	}
	for _, s := range []string{"", "2018-11-05", "2018-11-05 24:00:00", "2018-11-05 19:60:31", "2018-11-05 19:05:60", "2018-11-31 00:00:00", "2023-02-29 00:00:00",
		"2018-13-01 00:00:00", "0000-01-01 00:00:00", "0001-01-01 00:00:00", "2018-11-05 19:05:3", "2018-11-05 19:05:31 ", "2018-11-05 19:05:31.", "2018-11-05 19:05:31.x",
		"2018/11/05 19:05:31", "2018-11-05 -9:05:31", "+018-11-05 19:05:31"} {
		if got, err := ParseLocalTime(s); err == nil {
			t.Errorf("%q: %s", s, got)
		}
	}
}

func TestTheUnknownTimeIsNoTime(t *testing.T) {
	epoch, err := ParseLocalTime("1970-01-01 00:00:00")
	if err != nil || epoch == 0 || LocalTime(0).String() != "" || Day(0).String() != "" {
		t.Errorf("1970 is %d, %v", epoch, err)
	}
	text, err := json.Marshal(struct {
		T LocalTime `json:"t,omitzero"`
		D Day       `json:"d,omitzero"`
		N Int       `json:"n,omitzero"`
	}{})
	if err != nil || string(text) != "{}" {
		t.Errorf("%s, %v", text, err)
	}
}

func TestATimeShowsItsOwnLocationsClock(t *testing.T) {
	at := time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC).In(time.FixedZone("", 8*3600))
	if got := LocalTimeOf(at).String(); got != "2026-11-24T07:30:00" || DayOf(at).String() != "2026-11-24" {
		t.Errorf("%s of %s", got, DayOf(at))
	}
	day, err := ParseDay("2026-11-24")
	if err != nil || day.Start().String() != "2026-11-24T00:00:00" || (day+1).String() != "2026-11-25" {
		t.Errorf("%s, %v", day.Start(), err)
	}
}

func TestAnUnknownNumberIsNever0(t *testing.T) {
	for text, want := range map[string]Int{"0": IntOf(0), "-2": IntOf(-2), "2147483647": IntOf(2147483647), "null": {}} {
		var got Int
		err := json.Unmarshal([]byte(text), &got)
		back, _ := json.Marshal(got)
		if err != nil || got != want || string(back) != text {
			t.Errorf("%s: %v, %v, back as %s", text, got, err, back)
		}
	}
	if IntOf(0) == (Int{}) || (Int{}).Or(7) != 7 || IntOf(0).Or(7) != 0 || (Int{}).String() != "" || IntOf(0).String() != "0" {
		t.Error("an unknown number is taken for 0")
	}
	var n Int
	for _, text := range []string{`"1"`, "1.5", "true", "{}"} {
		if err := json.Unmarshal([]byte(text), &n); err == nil {
			t.Errorf("%s is a number", text)
		}
	}
}
