package push

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
	"trunkline/pkg/archive"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/retry"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// Poster posts the deliveries of one PBX, one after the other.
type Poster func(context.Context, fleet.Delivery) (Reply, error)

// Opener opens the place to which a PBX posts.
type Opener func(context.Context, fleet.PBX) (Poster, error)

// Reply is the answer to a delivery.
type Reply struct {
	Status int
	Tries  int
	At     time.Time     // when it was received, or a little before
	Took   time.Duration // the last try
}

// triesAtMost is how often a delivery is posted that is not accepted.
const triesAtMost = 5

// IntoStores has PBXs post into stores, through the endpoint that HTTP servers mount. Each PBX has
// a clock that shows when its delivery arrives. Answers are timed by now.
func IntoStores(table store.Table, bucket archive.Bucket, recordDays int, now func() time.Time) Opener {
	return func(ctx context.Context, p fleet.PBX) (Poster, error) {
		f := &folder{mac: p.MAC, at: p.Begin(), now: now}
		clock := func() time.Time { return f.at }
		records := store.New(table, clock).Keeping(recordDays)
		in := ingest.New(anyToken{}, records, archive.NewDirect(bucket), bucket, clock)
		f.endpoint = ingest.NewEndpoint(in, func(_ context.Context, r ingest.Report) { f.report = r }, clock)
		return f.post, registerZone(ctx, records, p)
	}
}

// registerZone sets the zone of a PBX that has none. Calls and sessions of software v4 don't report
// it. No record says on which day a clock is set forward or back.
func registerZone(ctx context.Context, s *store.Store, p fleet.PBX) error {
	_, err := s.ChangeDevice(ctx, p.MAC, func(d *store.Device) error {
		d.Zone = d.Zone.Or(p.Zone)
		return nil
	})
	return err
}

// anyToken accepts every token, since the PBXs are simulated.
type anyToken struct{}

// Verify implements ingest.Tokens.
func (anyToken) Verify(context.Context, pbx.MAC, string) (token.Proof, error) {
	return token.Proof{Generation: 1}, nil
}

type folder struct {
	mac      pbx.MAC
	endpoint http.Handler
	at       time.Time        // that its clock shows
	now      func() time.Time // by which answers are timed
	report   ingest.Report
}

func (f *folder) post(ctx context.Context, d fleet.Delivery) (Reply, error) {
	f.at = d.At
	for tries := 1; ; tries++ {
		path := "/v1/pbx/" + string(f.mac) + "/inside"
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(d.Body))
		if err != nil {
			return Reply{}, err
		}
		request.RemoteAddr = "127.0.0.1:0"
		answer := answer{header: http.Header{}}
		began := f.now()
		f.endpoint.ServeHTTP(&answer, request)
		r := Reply{answer.status, tries, d.At, f.now().Sub(began)}
		switch {
		case ctx.Err() != nil:
			return r, ctx.Err()
		case r.Status != http.StatusServiceUnavailable && f.report.Spilled == 0:
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

// OverHTTP has PBXs post to a server, each to the URL that urlOf returns, atOnce of them at a time.
// Answers are timed by now.
func OverHTTP(urlOf func(pbx.MAC) string, atOnce int, now func() time.Time) Opener {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = atOnce, atOnce
	client := &http.Client{
		Transport:     transport,
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(_ context.Context, p fleet.PBX) (Poster, error) {
		s := &sender{client: client, url: urlOf(p.MAC), now: now}
		return s.post, nil
	}
}

type sender struct {
	client   *http.Client
	url      string
	answered time.Time
	now      func() time.Time
}

func (s *sender) post(ctx context.Context, d fleet.Delivery) (Reply, error) {
	for tries := 1; ; tries++ {
		r, after, err := s.try(ctx, d.Body)
		r.Tries = tries
		if err == nil && r.Status == http.StatusServiceUnavailable && tries < triesAtMost {
			err = retry.Wait(ctx, after)
			if err == nil {
				continue
			}
		}
		return r, err
	}
}

// try posts once. It returns after which time to try again, if the answer asks for a retry.
func (s *sender) try(ctx context.Context, body []byte) (r Reply, after time.Duration, err error) {
	// A server keeps times to the millisecond: two deliveries in one would have no order.
	if err := retry.Wait(ctx, s.answered.Truncate(time.Millisecond).Add(time.Millisecond).Sub(s.now())); err != nil {
		return r, 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return r, 0, errors.New("the URL can't be used") // the error would show it
	}
	r.At = s.now()
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
	s.answered = s.now()
	r.Status, r.Took = response.StatusCode, s.answered.Sub(r.At)
	return r, retryAfter(response.Header), nil
}

// retryAfter returns the time that an answer asks for. The default is a second, and the maximum
// half a minute.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil {
		seconds = 1
	}
	return time.Duration(min(seconds, 30)) * time.Second
}
