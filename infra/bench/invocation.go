package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"trunkline/events"
	"trunkline/pkg/apigw"
	"trunkline/pkg/archive"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

// vendorMAC is the PBX of the vendor's examples.
const vendorMAC = "68:69:2e:0b:00:01"

// invocation measures all that the function does with a call record, except its stores.
func invocation(ctx context.Context, w *workshop) error {
	keys, err := token.ParseKeys(newFleetKeys())
	if err != nil {
		return err
	}
	event, err := invocationEvent(keys)
	if err != nil {
		return err
	}
	in := ingest.New(tokentest.Fixed(keys), instantRecords{}, archive.NewDirect(instantArchive{}), instantArchive{}, time.Now)
	endpoint := ingest.NewEndpoint(in, func(context.Context, ingest.Report) {}, time.Now)
	whole := operation("ingest", invoking(ctx, endpoint, event))
	floor := operation("body copied", invoking(ctx, http.HandlerFunc(copyBody), event))
	rows := []*contender{whole, floor}
	if err := inTurns(ctx, "invocation", w.runs, slices.Repeat(rows, loopsPerRun)...); err != nil {
		return err
	}
	return table{
		title: "One warm invocation with a call record, stores that take no time",
		unit:  "ns/op", format: "%.0f", columns: operationColumns,
		against: []*contender{floor}, rows: rows,
	}.print(os.Stdout)
}

// newFleetKeys makes a key that signs, as a person writes it.
func newFleetKeys() string { return "bench:" + rand.Text() + rand.Text() }

// invocationEvent is the vendor's call record in the form of an API Gateway event.
func invocationEvent(keys *token.Keyring) (event apigw.Request, err error) {
	text, err := events.FS.ReadFile("apigw_cc_cdr.json")
	if err != nil {
		return event, err
	}
	mac, err := pbx.ParseMAC(vendorMAC)
	if err != nil {
		return event, err
	}
	err = json.Unmarshal(text, &event)
	event.RawPath = strings.Replace(event.RawPath, "TOKEN", keys.Sign(mac, 1).Reveal(), 1)
	return event, err
}

func invoking(ctx context.Context, h http.Handler, event apigw.Request) func() error {
	handle := apigw.Handler(h)
	return func() error {
		response, err := handle(ctx, event)
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("answered %d: %s", response.StatusCode, response.Body)
		}
		return err
	}
}

func copyBody(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Write(body)
}

type instantRecords struct{}

func (instantRecords) RecordOnly(context.Context, store.Origin, pbx.Event) (bool, error) {
	return false, nil
}

func (instantRecords) Sender(context.Context, pbx.MAC) (store.Sender, error) {
	return store.Sender{}, nil
}

func (instantRecords) Note(_ context.Context, o store.Origin, _ store.LastEvent) (store.LastEvent, error) {
	return store.LastEvent{Last: o.At, KID: o.KID}, nil
}

func (instantRecords) Spill(context.Context, pbx.MAC, time.Time, []byte) error { return nil }

type instantArchive struct{ archive.Bucket } // nobody calls its other methods

func (instantArchive) Put(context.Context, string, []byte) error { return nil }
