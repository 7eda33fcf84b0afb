package archivetest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"trunkline/pkg/archive"
)

// FullReceipt returns a receipt of a hangup that was refused, with a value in each of its fields.
func FullReceipt(t testing.TB) archive.Receipt {
	t.Helper()
	r := archive.Receipt{
		MAC: "68692e0b0001", KID: "k7", Received: time.Date(2026, 11, 20, 12, 0, 0, 987e6, time.UTC), Remote: "203.0.113.9",
		Index: 3, Kind: "hangup", Reason: "line 1, column 1: no", Decoder: 1, Body: []byte("{event:'hangup', uniqueid:'1795161600.1'}"),
		Rewritten: true,
	}
	r.ID = r.Envelope(nil).ID()
	for i, field := range reflect.VisibleFields(reflect.TypeFor[archive.Receipt]()) {
		if reflect.ValueOf(r).Field(i).IsZero() {
			t.Fatalf("a full receipt has no %s: give it one", field.Name)
		}
	}
	return r
}

// Differences returns the names of the fields in which two receipts differ.
func Differences(a, b archive.Receipt) (names []string) {
	for i, field := range reflect.VisibleFields(reflect.TypeFor[archive.Receipt]()) {
		if !reflect.DeepEqual(reflect.ValueOf(a).Field(i).Interface(), reflect.ValueOf(b).Field(i).Interface()) {
			names = append(names, field.Name)
		}
	}
	return names
}

// Receipts returns all that is archived under a prefix of names, in whichever objects, once by ID.
func Receipts(t testing.TB, b archive.Bucket, prefix string) (all []archive.Receipt) {
	t.Helper()
	seen := map[string]bool{}
	for name, err := range b.List(context.Background(), prefix, "") {
		if err != nil {
			t.Fatal(err)
		}
		for line, err := range archive.ReadLines(context.Background(), b, name) {
			if err != nil {
				t.Fatal(err)
			}
			if form, _ := archive.FormOf(name); form == archive.Shared && line.Torn() {
				continue
			}
			r, err := archive.ParseReceipt(line.Text)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if !seen[r.ID] {
				seen[r.ID], all = true, append(all, r)
			}
		}
	}
	return all
}
