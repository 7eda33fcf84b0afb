package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"testing"
	"time"

	"trunkline/pkg/pbx"
)

var received = time.Date(2026, 11, 23, 23, 59, 59, 987_654_321, time.FixedZone("", -8*3600))

// one is a Bucket that remembers the last object.
type one struct {
	Bucket
	name string
	body []byte
	err  error
}

func (o *one) Put(_ context.Context, name string, body []byte) error {
	o.name, o.body = name, body
	return o.err
}

func (o *one) List(context.Context, string, string) iter.Seq2[string, error] { return nil }

func TestAnEnvelopeIsOneLineUnderItsKindAndUTCDay(t *testing.T) {
	bucket := &one{}
	e := Envelope{MAC: "68692e0b0001", KID: "k1", Received: received, Remote: "203.0.113.9", Index: 2,
		Event: &pbx.Hangup{UniqueID: "1.2", Common: pbx.Common{Extra: []pbx.Member{{Name: "x", Value: "<1>"}}}},
		Body:  []byte("{event:'hangup',\nuniqueid:1.2,x:'<1>'}")}
	if err := Keep(t.Context(), bucket, e); err != nil {
		t.Fatal(err)
	}
	const id = "68692e0b0001-1795507199987-21a713768ec23e1ec76e84a18ae39a85"
	if want := "raw/kind=hangup/dt=2026-11-24/" + id + ".json"; bucket.name != want {
		t.Errorf("name\n%s, want\n%s", bucket.name, want)
	}
	const want = `{"id":"` + id + `","mac":"68692e0b0001","kid":"k1","received":"2026-11-24T07:59:59.987Z","remote":"203.0.113.9","index":2,"kind":"hangup",` +
		`"event":{"uniqueid":"1.2","extra":[{"name":"x","value":"<1>"}]},"body":"{event:'hangup',\nuniqueid:1.2,x:'<1>'}"}` + "\n"
	if string(bucket.body) != want {
		t.Errorf("got\n%swant\n%s", bucket.body, want)
	}
	if err := CheckName(bucket.name); err != nil {
		t.Error(err)
	}
}

func TestWhatWasRefusedIsKeptWithItsReason(t *testing.T) {
	bucket := &one{}
	e := Envelope{MAC: "68692e0b0001", Received: received, Reason: "line 1, column 1: no", Body: []byte("\xff\x00{")}
	if err := Keep(t.Context(), bucket, e); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix([]byte(bucket.name), []byte("quarantine/dt=2026-11-24/68692e0b0001-")) {
		t.Errorf("name %s", bucket.name)
	}
	got, err := ParseReceipt(bucket.body)
	if err != nil || got.Reason != e.Reason || !bytes.Equal(got.Body, e.Body) {
		t.Errorf("read back as %+v, %v", got, err)
	}
}

func TestTheBodyComesBackByteForByte(t *testing.T) {
	for _, body := range []string{"", "{}", "\u2028<&>\t", "\xb9\xa4", "\x00", "a\r\n"} {
		e := Envelope{MAC: "68692e0b0001", Received: received, Event: &pbx.Hangup{UniqueID: "1"}, Index: 999, Body: []byte(body)}
		object, err := e.marshal()
		if err != nil || bytes.Count(object, []byte("\n")) != 1 || !json.Valid(object) {
			t.Fatalf("%q: %q, %v", body, object, err)
		}
		got, err := ParseReceipt(object)
		if err != nil || string(got.Body) != body || got.ID != e.ID() || got.Index != 999 || got.Kind != pbx.KindHangup ||
			!got.Received.Equal(received.Truncate(time.Millisecond)) {
			t.Errorf("%q comes back as %+v, %v", body, got, err)
		}
	}
}

func TestReceiptsThatDifferHaveOtherNames(t *testing.T) {
	base := Envelope{MAC: "68692e0b0001", Received: received, Event: &pbx.Hangup{}, Body: []byte("1")}
	mac, at, index, body, remote := base, base, base, base, base
	mac.MAC, at.Received, index.Index, body.Body, remote.Remote = "68692e0b0002", received.Add(time.Millisecond), 1, []byte("2"), "203.0.113.1"
	names := map[string]bool{base.Name(): true, mac.Name(): true, at.Name(): true, index.Name(): true, body.Name(): true}
	if len(names) != 5 {
		t.Errorf("%d names: %v", len(names), names)
	}
	if remote.Name() != base.Name() {
		t.Error("a receipt has another name when it comes by another address")
	}
}

func TestAFailureNamesTheReceipt(t *testing.T) {
	broken := errors.New("no disk")
	err := Keep(t.Context(), &one{err: broken}, Envelope{MAC: "68692e0b0001", Received: received, Event: &pbx.Hangup{}})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestWhatWasRefusedSaysByWhichDecoder(t *testing.T) {
	base := Envelope{MAC: "68692e0b0001", Received: received, Body: []byte("{")}
	for name, c := range map[string]struct {
		reason        string
		decoder, want int
		line          string // it has
	}{
		"by this one":                  {"no", 7, 7, `"reason":"no","decoder":7,`},
		"by the first, which says not": {"no", 0, 1, `"reason":"no","body"`},
		"it was not refused":           {"", 0, 0, `"index":0,"body"`},
	} {
		t.Run(name, func(t *testing.T) {
			e := base
			e.Reason, e.Decoder = c.reason, c.decoder
			line, err := e.marshal()
			if err != nil || !bytes.Contains(line, []byte(c.line)) {
				t.Errorf("%s, %v", line, err)
			}
			if r, err := ParseReceipt(line); err != nil || r.Decoder != c.want {
				t.Errorf("it is read as that of version %d, %v", r.Decoder, err)
			}
		})
	}
}
