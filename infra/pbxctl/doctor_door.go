package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/problem"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// doctorMAC is that of the test device. It is locally administered (IEEE 802): no maker
// gives it to a PBX.
const doctorMAC = pbx.MAC("020000000000")

// witness is where an event can be seen that was sent, as far as it is known.
type witness struct {
	table  store.Table
	bucket archive.Bucket
	remove func(ctx context.Context, name string) error // an object
}

// keys checks that the fleet keys can sign.
func (d *checkup) keys(read func(context.Context) (*token.Keyring, error)) (keys *token.Keyring) {
	d.check("keys", func(ctx context.Context) (string, error) {
		found, err := read(ctx)
		if err != nil {
			return "", err
		}
		if _, err := found.Verify(doctorMAC, found.Sign(doctorMAC, 1).Reveal()); err != nil {
			return "", wrong("rotate them with `pbxctl keys rotate`", "what they sign does not open: %v", err)
		}
		keys = found
		return found.String(), nil
	})
	return keys
}

// door checks the server behind a URL, and sends an event the whole way.
func (d *checkup) door(base string, keys *token.Keyring, w witness) {
	var theirs time.Time
	if !d.check("url", func(ctx context.Context) (string, error) {
		a, err := knock(ctx, base, "unknown", "{}")
		if err != nil {
			return "", err
		}
		theirs = a.date
		if want := ingest.Unauthorised.Answer(); a.status != want.Status || a.title != want.Title {
			return "", wrong("give the one that the stack's output ApiUrl tells, or that pbxctl serve prints",
				"something else than Trunkline answers there, with %d", a.status)
		}
		return "Trunkline answers, and turns strangers away", nil
	}) {
		return
	}
	if !theirs.IsZero() {
		d.clock("server clock", "the server's", theirs)
	}
	if keys == nil || w.table == nil && w.bucket == nil {
		return
	}
	d.roundTrip(base, keys, w)
}

// roundTrip sends an event, looks where it is kept, and removes it.
func (d *checkup) roundTrip(base string, keys *token.Keyring, w witness) {
	sent := rand.Text()
	from := d.p.now()
	if d.check("delivery", func(ctx context.Context) (string, error) {
		body := fmt.Sprintf("{event:'extensionstatus', exten:'doctor', statustext:'%s'}", sent)
		a, err := knock(ctx, base, keys.Sign(doctorMAC, 1).Reveal(), body)
		if err != nil {
			return "", err
		}
		return "an event is taken", refusal(a)
	}) {
		if w.table != nil {
			d.check("record", func(ctx context.Context) (string, error) {
				return "it is in the table", recorded(ctx, store.New(w.table, d.p.now), sent)
			})
		}
		if w.bucket != nil {
			d.check("archive", func(ctx context.Context) (string, error) {
				return "it is in the archive", archived(ctx, w.bucket, from, sent)
			})
		}
	}
	d.check("tidy", func(ctx context.Context) (string, error) { return "nothing is left of it", d.tidy(ctx, w, from) })
}

// refusal says what to do about an answer other than that all is well.
func refusal(a answered) error {
	switch a.status {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized:
		return wrong("wait a minute if they were just rotated; else give the secret, or the FLEET_KEYS, that the server reads",
			"the server has other keys, or has raised the test device's generation")
	case http.StatusForbidden:
		return wrong("run `pbxctl device enable --mac "+string(doctorMAC)+"`", "the test device is disabled")
	case http.StatusServiceUnavailable:
		return wrong("look at the server's log: both stores fail it, or its keys can't be read", "the server can keep nothing now")
	}
	return wrong("look at the server's log", "the server answers %d %s", a.status, a.title)
}

func recorded(ctx context.Context, s *store.Store, sent string) error {
	for r, err := range s.Extensions(ctx, doctorMAC) {
		if err != nil {
			return err
		}
		if r.Event.StatusText == sent {
			return nil
		}
	}
	return wrong("check that the server writes this very table; then see `pbxctl spill list` and the server's log",
		"the event was taken, and is not in this table")
}

func archived(ctx context.Context, b archive.Bucket, from time.Time, sent string) error {
	for name, err := range doctorObjects(ctx, b, from) {
		if err != nil {
			return err
		}
		if object, err := b.Get(ctx, name); err != nil || strings.Contains(string(object), sent) {
			return err
		}
	}
	return wrong("check that the server writes this very archive; then see `pbxctl spill list` and the server's log",
		"the event was taken, and is not in this archive")
}

// doctorObjects yields the names of the test device's events since the day before from.
func doctorObjects(ctx context.Context, b archive.Bucket, from time.Time) func(yield func(string, error) bool) {
	return func(yield func(string, error) bool) {
		for day := pbx.UTCDay(from) - 1; day <= pbx.UTCDay(from)+1; day++ {
			folder := archive.RawFolder(pbx.KindExtensionStatus, day)
			for name, err := range b.List(ctx, folder+string(doctorMAC), "") {
				if !yield(name, err) || err != nil {
					return
				}
			}
		}
	}
}

// tidy removes what is kept of the test device.
func (d *checkup) tidy(ctx context.Context, w witness, from time.Time) error {
	if w.table != nil {
		if err := store.New(w.table, d.p.now).Forget(ctx, doctorMAC); err != nil {
			return wrong("allow this identity dynamodb:Query and dynamodb:DeleteItem on it", "the test device stays in the table: %v", err)
		}
	}
	if w.bucket == nil {
		return nil
	}
	for name, err := range doctorObjects(ctx, w.bucket, from) {
		if err == nil {
			err = w.remove(ctx, name)
		}
		if err != nil {
			return wrong("allow this identity s3:ListBucket and s3:DeleteObject on it", "the test device's event stays in the archive: %v", err)
		}
	}
	return nil
}

// answered is how a server answered.
type answered struct {
	status int
	title  string // of a problem
	date   time.Time
}

// knock posts a body with a token. Its error shows no token.
func knock(ctx context.Context, base, tokenText, body string) (answered, error) {
	at, err := url.Parse(base)
	if err != nil || at.Host == "" {
		return answered{}, wrong("give one such as https://pbx.example.com", "%.100q is no URL", base)
	}
	target := strings.TrimRight(base, "/") + "/v1/pbx/" + string(doctorMAC) + "/" + tokenText
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		return answered{}, wrong("give one such as https://pbx.example.com", "%.100q is no URL", base)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if failure, ok := errors.AsType[*url.Error](err); ok {
		err = failure.Err // without the URL
	}
	if err != nil {
		return answered{}, wrong("start it, or look at the name, the certificate and the way there", "no answer from %s: %v", at.Host, err)
	}
	defer response.Body.Close()
	a := answered{status: response.StatusCode}
	a.date, _ = http.ParseTime(response.Header.Get("Date"))
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind == problem.ContentType {
		var p problem.Problem
		json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&p) // else it has no title
		a.title = p.Title
	}
	return a, nil
}
