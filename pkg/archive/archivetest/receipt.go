package archivetest

import (
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
