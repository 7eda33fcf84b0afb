package doctor

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

// TestMAC is the MAC of the test device, whose events are sent and removed. It is locally
// administered (IEEE 802): no manufacturer gives it to a PBX.
const TestMAC = pbx.MAC("020000000000")

// Stores are where a sent event must arrive. A store that is not known is nil.
type Stores struct {
	Table  store.Table
	Bucket archive.Bucket
	// Remove deletes an object of the bucket, which may be open for reading only.
	Remove func(ctx context.Context, name string) error
	// Buffer is how long delivery streams may hold an event before it is in the bucket; 0: without streams.
	Buffer time.Duration
}

// Keys checks that the fleet keys can sign. It returns them, or nil if they can't sign.
func (c *Checkup) Keys(ctx context.Context, read func(context.Context) (*token.Keyring, error)) (keys *token.Keyring) {
	c.Check(ctx, "keys", func(ctx context.Context) (string, error) {
		found, err := read(ctx)
		if err != nil {
			return "", err
		}
		if _, err := found.Verify(TestMAC, found.Sign(TestMAC, 1).Reveal()); err != nil {
			return "", Wrong("rotate them with `pbxctl keys rotate`", "tokens that they sign can't be verified: %v", err)
		}
		keys = found
		return found.String(), nil
	})
	return keys
}

// Delivery checks the server behind a URL. If keys and a store are known, it sends an event of
// the test device, checks that it arrives in the stores, and removes it from them.
func (c *Checkup) Delivery(ctx context.Context, base string, keys *token.Keyring, s Stores) {
	var theirs time.Time
	if !c.Check(ctx, "url", func(ctx context.Context) (string, error) {
		a, err := post(ctx, base, "unknown", "{}")
		if err != nil {
			return "", err
		}
		theirs = a.date
		if want := ingest.Unauthorised.Answer(); a.status != want.Status || a.title != want.Title {
			return "", Wrong("use the URL in the stack's output ApiUrl, or the one that pbxctl serve prints",
				"not Trunkline, but something else answers there, with status %d", a.status)
		}
		return "Trunkline answers, and refuses an unknown token", nil
	}) {
		return
	}
	if !theirs.IsZero() {
		c.Clock(ctx, "server clock", "the server's", theirs)
	}
	if keys == nil || s.Table == nil && s.Bucket == nil {
		return
	}
	c.roundTrip(ctx, base, keys, s)
}

// roundTrip sends an event, looks where it is kept, and removes it.
func (c *Checkup) roundTrip(ctx context.Context, base string, keys *token.Keyring, s Stores) {
	sent := rand.Text()
	from := c.Now()
	if c.Check(ctx, "delivery", func(ctx context.Context) (string, error) {
		body := fmt.Sprintf("{event:'extensionstatus', exten:'doctor', statustext:'%s'}", sent)
		a, err := post(ctx, base, keys.Sign(TestMAC, 1).Reveal(), body)
		if err != nil {
			return "", err
		}
		return "an event is taken", refusal(a)
	}) {
		if s.Table != nil {
			c.Check(ctx, "record", func(ctx context.Context) (string, error) {
				return "it is in the table", recorded(ctx, store.New(s.Table, c.Now), sent)
			})
		}
		if s.Bucket != nil {
			c.Check(ctx, "archive", func(ctx context.Context) (string, error) {
				found, err := archived(ctx, s.Bucket, from, sent)
				if err == nil && !found {
					return notYet(s.Buffer, c.Now())
				}
				return "it is in the archive", err
			})
		}
	}
	c.Check(ctx, "tidy", func(ctx context.Context) (string, error) { return c.tidy(ctx, s, from) })
}

// refusal says what to do about an answer that is not a success.
func refusal(a answered) error {
	switch a.status {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized:
		return Wrong("wait a minute if they were just rotated; else use the secret, or the FLEET_KEYS, that the server reads",
			"the server has other keys, or has raised the test device's generation")
	case http.StatusForbidden:
		return Wrong("run `pbxctl device enable "+string(TestMAC)+"`", "the test device is disabled")
	case http.StatusServiceUnavailable:
		return Wrong("look at the server's log: both stores fail, or its keys can't be read", "the server can't store events now")
	}
	return Wrong("look at the server's log", "the server answers %d %s", a.status, a.title)
}

func recorded(ctx context.Context, s *store.Store, sent string) error {
	for r, err := range s.Extensions(ctx, TestMAC) {
		if err != nil {
			return err
		}
		if r.Event.StatusText == sent {
			return nil
		}
	}
	return Wrong("check that the server writes this table; then see `pbxctl spill list` and the server's log",
		"the event was accepted, but is not in this table")
}

// archived reports whether an event is in the archive.
func archived(ctx context.Context, b archive.Bucket, from time.Time, sent string) (bool, error) {
	for line, err := range testEvents(from).Lines(ctx, b) {
		if err != nil || strings.Contains(string(line.Text), sent) {
			return err == nil, err
		}
	}
	return false, nil
}

// notYet judges an event that is not in the archive.
func notYet(buffer time.Duration, now time.Time) (string, error) {
	if buffer == 0 {
		return "", Wrong("check that the server writes this archive; then see `pbxctl spill list` and the server's log",
			"the event was accepted, but is not in this archive")
	}
	by := now.Add(buffer + archive.DeliveryMargin).UTC()
	return fmt.Sprintf("not yet: a delivery stream holds it; look for it after %s UTC in %s", by.Format(time.TimeOnly), archive.RawFolder(pbx.KindExtensionStatus, pbx.UTCDay(by))), nil
}

// testEvents are those of the test device since the day before from.
func testEvents(from time.Time) archive.Part {
	day := pbx.UTCDay(from)
	return archive.Part{Kinds: []pbx.Kind{pbx.KindExtensionStatus}, First: day - 1, Last: day + 1, MAC: TestMAC}
}

// tidy removes the test device's events. It says what is left of them.
func (c *Checkup) tidy(ctx context.Context, s Stores, from time.Time) (left string, err error) {
	left = "nothing is left of it"
	if s.Table != nil {
		if err := store.New(s.Table, c.Now).Forget(ctx, TestMAC); err != nil {
			return "", Wrong("allow this identity dynamodb:Query and dynamodb:DeleteItem on it", "the test device stays in the table: %v", err)
		}
	}
	if s.Bucket == nil {
		return left, nil
	}
	for name, err := range testEvents(from).Names(ctx, s.Bucket) {
		if err != nil {
			return "", staysArchived(err)
		}
		if form, _ := archive.FormOf(name); form == archive.Shared {
			left = "its line stays in the archive, among those of PBXs"
			continue
		}
		if err := s.Remove(ctx, name); err != nil {
			return "", staysArchived(err)
		}
	}
	return left, nil
}

func staysArchived(err error) error {
	return Wrong("allow this identity s3:ListBucket and s3:DeleteObject on it", "the test device's event stays in the archive: %v", err)
}

// answered is a server's answer.
type answered struct {
	status int
	title  string // of a problem
	date   time.Time
}

// post posts a body with a token. Its error does not contain the token.
func post(ctx context.Context, base, tokenText, body string) (answered, error) {
	at, err := url.Parse(base)
	if err != nil || at.Host == "" {
		return answered{}, Wrong("use one such as https://pbx.example.com", "%.100q is not a valid URL", base)
	}
	target := strings.TrimRight(base, "/") + "/v1/pbx/" + string(TestMAC) + "/" + tokenText
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		return answered{}, Wrong("use one such as https://pbx.example.com", "%.100q is not a valid URL", base)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if failure, ok := errors.AsType[*url.Error](err); ok {
		err = failure.Err // without the URL
	}
	if err != nil {
		return answered{}, Wrong("start it, or check its name, its certificate and the network", "no answer from %s: %v", at.Host, err)
	}
	defer response.Body.Close()
	a := answered{status: response.StatusCode}
	a.date, _ = http.ParseTime(response.Header.Get("Date"))
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind == problem.ContentType {
		var p problem.Problem
		json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&p) // without JSON it has no title
		a.title = p.Title
	}
	return a, nil
}
