package archivetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

// Kept is a Keeper, and the Bucket in which readers find what it has kept.
type Kept struct {
	Keeper archive.Keeper
	Bucket archive.Bucket
	// Settle makes readers find all that was kept; nil: they find it at once.
	Settle func(t *testing.T)
}

// RunKeeper runs the suite of Keepers. Each call of open returns an empty one.
func RunKeeper(t *testing.T, open func(t *testing.T) Kept) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Kept)
	}{
		{"what was kept is read, line by line", testKept},
		{"the same delivery is kept twice, and read once", testKeptTwice},
		{"deliveries that begin alike are both kept", testKeptAlike},
		{"kinds, days and PBXs are read by themselves", testKeptApart},
		{"concurrent deliveries are all kept", testKeptAtOnce},
		{"an ended context keeps nothing, or fails", testKeptTooLate},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// RunKeeperFaults lets each call fail that a Keeper makes, and checks that all is there that was
// acknowledged. open returns an empty Keeper that asks fault before each call.
func RunKeeperFaults(t *testing.T, open func(t *testing.T, fault func(Call) Fault) Kept) {
	deliveries := [][]archive.Envelope{Envelopes(firstPBX, keptAt, 0, 1), Envelopes(firstPBX, keptAt, 1, 9), Envelopes(secondPBX, keptAt, 0, 3)}
	failed := 0
	for _, fault := range []Fault{Fails, FailsButPersisted, Throttled} {
		for call := 1; ; call++ {
			made := 0
			k := open(t, func(Call) Fault {
				if made++; made == call {
					return fault
				}
				return None
			})
			var acknowledged []archive.Envelope
			for _, d := range deliveries {
				if err := k.Keeper.Keep(t.Context(), d); err != nil {
					failed++
				} else {
					acknowledged = append(acknowledged, d...)
				}
			}
			made = call // the reader's calls don't fail
			found := k.read(t, archive.Part{First: pbx.UTCDay(keptAt), Last: pbx.UTCDay(keptAt)})
			for _, e := range acknowledged {
				if found[e.ID()] == "" {
					t.Errorf("fault %d at call %d: %s was acknowledged, and is missing", fault, call, e.ID())
				}
			}
			if len(acknowledged) == 13 && call > len(deliveries) {
				break
			}
		}
	}
	if failed == 0 {
		t.Error("no call of the Keeper has failed")
	}
}

const firstPBX, secondPBX = pbx.MAC("68692e0b0001"), pbx.MAC("68692e0b0002")

var keptAt = time.Date(2026, 11, 23, 23, 59, 59, 999e6, time.UTC)

// Envelopes returns hangups of one delivery, with places from first on.
func Envelopes(mac pbx.MAC, received time.Time, first, count int) (all []archive.Envelope) {
	for i := range count {
		id := fmt.Sprintf("1795161600.%d", first+i)
		all = append(all, archive.Envelope{
			MAC: mac, KID: "k1", Received: received, Index: first + i, Event: &pbx.Hangup{UniqueID: id}, Body: fmt.Appendf(nil, "{event:'hangup', uniqueid:'%s'}", id),
		})
	}
	return all
}

func (k Kept) keep(t *testing.T, envelopes []archive.Envelope) {
	t.Helper()
	if err := k.Keeper.Keep(t.Context(), envelopes); err != nil {
		t.Fatal(err)
	}
}

// read returns the lines of a part, by ID. It fails the test where one ID has two lines that differ.
func (k Kept) read(t *testing.T, part archive.Part) map[string]string {
	t.Helper()
	if k.Settle != nil {
		k.Settle(t)
	}
	found := map[string]string{}
	for line, err := range part.Lines(context.Background(), k.Bucket) {
		if err != nil {
			t.Fatal(err)
		}
		receipt, err := archive.ParseReceipt(line.Text)
		if err != nil {
			t.Fatal(err)
		}
		if was := found[receipt.ID]; was != "" && was != string(line.Text) {
			t.Errorf("%s is %s and %s", receipt.ID, was, line.Text)
		}
		found[receipt.ID] = string(line.Text)
	}
	return found
}

// check checks that just these envelopes are read.
func (k Kept) check(t *testing.T, part archive.Part, want ...archive.Envelope) {
	t.Helper()
	found := k.read(t, part)
	if len(found) != len(want) {
		t.Errorf("%d events are read of %+v, want %d", len(found), part, len(want))
	}
	for _, e := range want {
		line, err := archive.Lines([]archive.Envelope{e})
		if err != nil || found[e.ID()] != string(line) {
			t.Errorf("%s is %q, want %q, %v", e.ID(), found[e.ID()], line, err)
		}
	}
}

var keptDay = archive.Part{First: pbx.UTCDay(keptAt), Last: pbx.UTCDay(keptAt)}

func testKept(t *testing.T, k Kept) {
	one, many := Envelopes(firstPBX, keptAt, 0, 1), Envelopes(secondPBX, keptAt, 0, 1000)
	k.keep(t, one)
	k.check(t, keptDay, one...)
	k.keep(t, many)
	k.check(t, keptDay, append(one, many...)...)
}

func testKeptTwice(t *testing.T, k Kept) {
	all := Envelopes(firstPBX, keptAt, 0, 3)
	for range 2 {
		k.keep(t, all)
		k.keep(t, all[:1])
	}
	k.check(t, keptDay, all...)
}

func testKeptAlike(t *testing.T, k Kept) {
	all := Envelopes(firstPBX, keptAt, 0, 5)
	k.keep(t, all[:3])
	k.keep(t, slices.Concat(all[:1], all[3:]))
	k.keep(t, all[:2])
	k.check(t, keptDay, all...)
}

func testKeptApart(t *testing.T, k Kept) {
	late := keptAt.Add(time.Millisecond)
	first, second, next := Envelopes(firstPBX, keptAt, 0, 2), Envelopes(secondPBX, keptAt, 0, 2), Envelopes(firstPBX, late, 0, 2)
	status := Envelopes(firstPBX, keptAt, 2, 2)
	for i := range status {
		status[i].Event = &pbx.ExtensionStatus{Exten: "801"}
	}
	for _, d := range [][]archive.Envelope{first, second, next, status} {
		k.keep(t, d)
	}
	k.check(t, keptDay, slices.Concat(first, second, status)...)
	k.check(t, archive.Part{First: keptDay.First + 1, Last: keptDay.Last + 1}, next...)
	k.check(t, archive.Part{First: keptDay.First, Last: keptDay.Last + 1, MAC: firstPBX, Kinds: []pbx.Kind{pbx.KindHangup}}, slices.Concat(first, next)...)
	k.check(t, archive.Part{First: keptDay.First, Last: keptDay.Last, Kinds: []pbx.Kind{pbx.KindExtensionStatus}}, status...)
	k.check(t, archive.Part{First: keptDay.First - 1, Last: keptDay.Last - 1})
}

func testKeptAtOnce(t *testing.T, k Kept) {
	var all []archive.Envelope
	failures := make(chan error, 20)
	for n := range cap(failures) {
		d := Envelopes(firstPBX, keptAt.Add(-time.Duration(n)*time.Second), 0, 1+n%3)
		all = append(all, d...)
		go func() { failures <- k.Keeper.Keep(t.Context(), d) }()
	}
	for range cap(failures) {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	k.check(t, keptDay, all...)
}

func testKeptTooLate(t *testing.T, k Kept) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	all := Envelopes(firstPBX, keptAt, 0, 2)
	if err := k.Keeper.Keep(ended, all); err == nil {
		k.check(t, keptDay, all...)
	} else if text := err.Error(); strings.Contains(text, "uniqueid") {
		t.Errorf("the error has the body: %s", text)
	}
}
