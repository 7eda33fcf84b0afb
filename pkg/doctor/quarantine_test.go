package doctor

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/pbx"
)

func TestReasonsAreAlikeButForWhatTheySayOfOneEvent(t *testing.T) {
	for reason, want := range map[string]string{
		`line 2, column 30: member "queueTime": "1e\"9" is not a number from 0 to 9`:                                                   `member "queueTime": … is not a number from 0 to 9`,
		`line 1, column 1: '?' stands where an event should`:                                                                           `… stands where an event should`,
		`line 1, column 1: '\'' stands where an event should`:                                                                          `… stands where an event should`,
		`the body names the MAC 68692e0b0001`:                                                                                          `the body names the MAC …`,
		"not recorded: 68692e0b0001-1795507199987-21a713768ec23e1ec76e84a18ae39a85: the event can't be recorded: line 1, column 2: no": "not recorded: …: the event can't be recorded: no",
	} {
		if got := alike(reason); got != want {
			t.Errorf("%s\nis like %s\nwant    %s", reason, got, want)
		}
	}
}

// many is a quarantine with one object under many names.
type many struct {
	archive.Bucket
	names int
}

func (m many) List(context.Context, string, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range m.names {
			if !yield(fmt.Sprintf("%sdt=2026-11-20/%06d.json", archive.QuarantinePrefix, i), nil) {
				return
			}
		}
	}
}

func (m many) Get(context.Context, string) ([]byte, error) {
	return []byte(`{"mac":"68692e0b0001","reason":"no"}`), nil
}

func TestDoctorLooksAtAPartOfALargeQuarantine(t *testing.T) {
	day, err := pbx.ParseDay("2026-11-20")
	if err != nil {
		t.Fatal(err)
	}
	for names, want := range map[int]string{
		recentAtMost:     "10000 events of 1 PBXs could not be read",
		recentAtMost + 1: "at least 10000 events of 1 PBXs could not be read",
	} {
		r, err := recentlyRefused(t.Context(), many{archivetest.NewMemory(), names}, day)
		if err != nil || !strings.HasPrefix(r.fault().Error(), want) {
			t.Errorf("of %d: %v, %v, want %s", names, r.fault(), err, want)
		}
	}
}
