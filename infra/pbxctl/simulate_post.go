package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"trunkline/infra/fleet"
	"trunkline/pkg/ingest"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// poster posts what one PBX delivers, one after the other.
type poster func(context.Context, fleet.Delivery) (reply, error)

// opener opens the place where a PBX posts to.
type opener func(context.Context, fleet.PBX) (poster, error)

// reply is how a delivery was answered.
type reply struct {
	status int
	tries  int
	at     time.Time     // when it was received, or a little before
	took   time.Duration // the last try
}

// triesAtMost is how often a delivery is posted that is not taken.
const triesAtMost = 5

// intoFolder has PBXs post into a data folder, through the door that HTTP servers mount, by
// a clock for each PBX that shows when its delivery comes.
func intoFolder(data *local.Dir, recordDays int) opener {
	return func(ctx context.Context, p fleet.PBX) (poster, error) {
		f := &folder{mac: p.MAC, at: p.Begin()}
		clock := func() time.Time { return f.at }
		records := store.New(data.Table, clock).Keeping(recordDays)
		in := ingest.New(anyToken{}, records, data.Bucket, clock)
		f.door = ingest.NewDoor(in, func(_ context.Context, r ingest.Report) { f.report = r }, clock)
		return f.post, registerZone(ctx, records, p)
	}
}

// registerZone sets the zone of a PBX that has none: calls and sessions of software v4 don't
// tell it, and no record tells on which day a clock is set forward or back.
func registerZone(ctx context.Context, s *store.Store, p fleet.PBX) error {
	_, err := s.ChangeDevice(ctx, p.MAC, func(d *store.Device) error {
		d.Zone = d.Zone.Or(p.Zone)
		return nil
	})
	return err
}

// anyToken opens the door to PBXs that are not outside.
type anyToken struct{}

// Verify implements ingest.Tokens.
func (anyToken) Verify(context.Context, pbx.MAC, string) (token.Proof, error) {
	return token.Proof{Generation: 1}, nil
}

type folder struct {
	mac    pbx.MAC
	door   http.Handler
	at     time.Time
	report ingest.Report
}

func (f *folder) post(ctx context.Context, d fleet.Delivery) (reply, error) {
	f.at = d.At
	for tries := 1; ; tries++ {
		path := "/v1/pbx/" + string(f.mac) + "/inside"
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(d.Body))
		if err != nil {
			return reply{}, err
		}
		request.RemoteAddr = "127.0.0.1:0"
		answer := answer{header: http.Header{}}
		began := time.Now()
		f.door.ServeHTTP(&answer, request)
		r := reply{answer.status, tries, d.At, time.Since(began)}
		switch {
		case ctx.Err() != nil:
			return r, ctx.Err()
		case r.status != http.StatusServiceUnavailable && f.report.Spilled == 0:
			return r, nil
		case tries == triesAtMost:
			return r, fmt.Errorf("the folder can't be written: %w", f.report.Err)
		}
	}
}

// answer is an http.ResponseWriter that keeps the status.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }
func (a *answer) WriteHeader(status int)      { a.status = status }

// overHTTP has PBXs post to a server, each to its own URL.
func overHTTP(base string, keys *token.Keyring, atOnce int) opener {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = atOnce, atOnce
	client := &http.Client{
		Transport:     transport,
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(_ context.Context, p fleet.PBX) (poster, error) {
		s := &sender{client: client, url: deviceURL(base, keys, p.MAC, 1)}
		return s.post, nil
	}
}

type sender struct {
	client   *http.Client
	url      string
	answered time.Time
}

func (s *sender) post(ctx context.Context, d fleet.Delivery) (reply, error) {
	for tries := 1; ; tries++ {
		r, after, err := s.try(ctx, d.Body)
		r.tries = tries
		if err == nil && r.status == http.StatusServiceUnavailable && tries < triesAtMost {
			err = sleep(ctx, after)
			if err == nil {
				continue
			}
		}
		return r, err
	}
}

// try posts once, and tells after which time to try again where that is asked for.
func (s *sender) try(ctx context.Context, body []byte) (r reply, after time.Duration, err error) {
	// A server keeps times to the millisecond: two deliveries in one would have no order.
	if err := sleep(ctx, time.Until(s.answered.Truncate(time.Millisecond).Add(time.Millisecond))); err != nil {
		return r, 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return r, 0, errors.New("the URL can't be used") // the error would show it
	}
	r.at = time.Now()
	response, err := s.client.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the URL
		}
		return r, 0, fmt.Errorf("the server does not answer: %w", err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)); err != nil {
		return r, 0, fmt.Errorf("read the answer: %w", err)
	}
	s.answered = time.Now()
	r.status, r.took = response.StatusCode, s.answered.Sub(r.at)
	return r, retryAfter(response.Header), nil
}

// retryAfter is the time that an answer asks for: a second where it asks for none, and half a
// minute at most.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil {
		seconds = 1
	}
	return time.Duration(min(seconds, 30)) * time.Second
}
