package pbx

import (
	"slices"
	"testing"
)

func TestWhatPBXsWriteForNothingIsAbsent(t *testing.T) {
	for _, s := range []string{"", " ", "(null)", "null", "NULL", "none", "None", "<unknown>", " <Unknown> "} {
		if !Absent(s) || !AbsentCode(s) {
			t.Errorf("%q says something", s)
		}
	}
	for _, s := range []string{"0", "00", " 0 "} {
		if Absent(s) || !AbsentCode(s) {
			t.Errorf("%q: absent %t, as a code %t", s, Absent(s), AbsentCode(s))
		}
	}
	for _, s := range []string{"630", "nobody", "unknown", "10", "nullify me", "000", "0000000", "\u2028"} {
		if Absent(s) || AbsentCode(s) {
			t.Errorf("%q says nothing", s)
		}
	}
}

func TestAnAgentIsOneHoweverItIsWritten(t *testing.T) {
	for sent, code := range map[string]string{
		"301": "301", " 301 ": "301", "SIP/301": "301", "PJSIP/301-0000001f": "301", "SIP/team-1": "team-1", "SIP/anna-maria": "anna-maria", "Local/301@from-queue-0000000a;1": "301", "Local/301@from-queue/n": "301", "Agent/301": "301",
		"Zoë": "Zoë", "sales/west/3": "sales/west/3", "SIP/": "SIP/", "/301": "/301", "a b/301": "a b/301", "": "",
	} {
		if got := AgentCode(sent); got != code {
			t.Errorf("%q is %q, want %q", sent, got, code)
		}
	}
}

func TestAMessageWasLeftOnlyWhereThePBXSaysSo(t *testing.T) {
	for state, left := range map[string]bool{"": false, "0": false, "00": false, "no": false, "False": false, "(null)": false, "none": false, "1": true, "yes": true} {
		if e := (&CallRecord{VoicemailState: state}); e.LeftMessage() != left {
			t.Errorf("%q: %t", state, !left)
		}
	}
}

func TestACallWasForwardedOnlyWhereThePBXSaysWhere(t *testing.T) {
	for _, test := range []struct {
		kind, number string
		forwarded    bool
	}{{"", "", false}, {"0", "(null)", false}, {"none", "0", false}, {"mobile", "", true}, {"", "5550200", true}, {"0", "5550200", true}} {
		if e := (&CallRecord{ForwardType: test.kind, ForwardNumber: test.number}); e.Forwarded() != test.forwarded {
			t.Errorf("%q to %q: %t", test.kind, test.number, e.Forwarded())
		}
	}
}

func TestIDsAreInTheOrderOfTheirNumbers(t *testing.T) {
	ordered := []string{"pbx1-5.3", "1541415929.9", "1541415929.10", "pbx1-1541415929.10", "1541415929.100", "1541415930.1", "call-7", "x"}
	shuffled := slices.Clone(ordered)
	slices.Reverse(shuffled)
	if slices.SortFunc(shuffled, func(a, b string) int { return PlaceOf(a).Compare(PlaceOf(b)) }); !slices.Equal(shuffled, ordered) {
		t.Error(shuffled)
	}
}

func TestTimesInUTCAreGivenByThePBXsClock(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	at := func(s string) LocalTime {
		l, err := ParseLocalTime(s)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	call := (&CallRecord{InUTC: true, Start: at("2026-07-01 22:30:00")}).In(berlin)
	if call.Start != at("2026-07-02 00:30:00") || call.End != 0 || call.InUTC || call.In(UTC) != call {
		t.Errorf("%+v", call)
	}
	leg := (&CDR{InUTC: true, StartFromID: true, Start: at("2026-01-01 12:00:00"), Answer: at("2026-01-01 12:00:09"), End: at("2026-01-01 12:01:00")}).In(berlin)
	if leg.Start != at("2026-01-01 13:00:00") || leg.Answer != leg.Start+9 || leg.End != leg.Start+60 || !leg.StartFromID {
		t.Errorf("%+v", leg)
	}
	step := (&IVRStep{InUTC: true, Start: at("2026-01-01 12:00:00"), End: at("2026-01-01 12:00:09")}).In(berlin)
	if step.Start != at("2026-01-01 13:00:00") || step.End != step.Start+9 {
		t.Errorf("%+v", step)
	}
}
