package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/store/storetest"
)

// receipt is an event as it was received.
type receipt struct {
	mac   pbx.MAC
	at    time.Time
	index int
	event pbx.Event
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// computed is a database with the figures of the receipts.
func computed(t *testing.T, all []receipt, devices map[pbx.MAC]store.Device) *sql.DB {
	db, err := open(t.Context())
	must(t, err)
	t.Cleanup(func() { db.Close() })
	must(t, compute(t.Context(), db, keep(t, all), settingsFile(t, devices)))
	return db
}

// settingsFile writes what was set for the PBXs as a CSV file.
func settingsFile(t *testing.T, devices map[pbx.MAC]store.Device) string {
	var text strings.Builder
	text.WriteString("mac,t,s,talk_includes_hold,zone\n")
	for mac, d := range devices {
		fmt.Fprintf(&text, "%s,%s,%s,%t,%s\n", mac, d.ServiceLevel, d.ShortAbandon, d.TalkIncludesHold, d.Zone)
	}
	path := filepath.Join(t.TempDir(), "settings.csv")
	must(t, os.WriteFile(path, []byte(text.String()), 0o644))
	return path
}

// keep archives the receipts, and returns the folder of raw/.
func keep(t *testing.T, all []receipt) string {
	folder := &lines{bodies: map[string][]byte{}}
	for _, r := range all {
		must(t, archive.Keep(t.Context(), folder, r.envelope(t)))
	}
	root := t.TempDir()
	for name, body := range folder.bodies {
		write(t, filepath.Join(root, name, "all.json"), body)
	}
	return filepath.Join(root, "raw")
}

func write(t *testing.T, path string, body []byte) {
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, body, 0o644))
}

// envelope is how the receipt is archived. Its body tells it from others.
func (r receipt) envelope(t *testing.T) archive.Envelope {
	body, err := json.Marshal(r.event)
	must(t, err)
	return archive.Envelope{MAC: r.mac, Received: r.at, Index: r.index, Event: r.event, Body: body}
}

// lines is a bucket in which the envelopes of a kind and a day are one object. The tests here
// do not depend on how an archive's lines are spread over objects.
type lines struct {
	archive.Bucket // its other methods are not called
	bodies         map[string][]byte
}

func (l *lines) Put(_ context.Context, name string, body []byte) error {
	folder := filepath.Dir(name)
	l.bodies[folder] = append(l.bodies[folder], body...)
	return nil
}

// record stores the receipts as the product does, those of each PBX in a table of their own.
func record(t *testing.T, all []receipt) map[pbx.MAC]*store.Store {
	fleet := map[pbx.MAC]*store.Store{}
	for _, r := range all {
		if fleet[r.mac] == nil {
			fleet[r.mac] = store.New(storetest.NewMemory(), afterwards)
		}
		_, err := fleet[r.mac].Record(t.Context(), store.Origin{MAC: r.mac, At: r.at, Index: r.index}, r.event)
		must(t, err)
	}
	return fleet
}

// afterwards is when all is over.
func afterwards() time.Time { return time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC) }

func on(s string) pbx.Day {
	d, err := pbx.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

// macOf is the MAC of the i-th PBX.
func macOf(i int) pbx.MAC { return pbx.MAC(fmt.Sprintf("02%010x", i)) }
