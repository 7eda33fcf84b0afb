package ingest

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"trunkline/pkg/problem"
	"trunkline/pkg/zycoo"
)

// retryAfter is how long a PBX should wait before it sends an event again, in seconds.
const retryAfter = "30"

// allowed are the methods of a PBX's URL.
const allowed = http.MethodGet + ", " + http.MethodHead + ", " + http.MethodPost

// Endpoint serves /v1/pbx/{mac}/{token}. PBXs send events by POST, in the body. GET and HEAD
// report whether the URL works, and store nothing.
type Endpoint struct {
	ingest  *Ingest
	observe func(context.Context, Report)
	now     func() time.Time
	room    *room
}

// NewEndpoint returns an Endpoint. After each answer it calls observe, for logs and metrics.
func NewEndpoint(in *Ingest, observe func(context.Context, Report), now func() time.Time) *Endpoint {
	return &Endpoint{in, observe, now, newRoom()}
}

// ServeHTTP implements http.Handler. Many senders hang up once they have sent, which
// cancels the request's context. An event that has arrived whole is still stored, within the
// deadlines of Ingest.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithoutCancel(r.Context())
	began := e.now()
	report := e.receive(ctx, w, r)
	report.Took = e.now().Sub(began)
	if r.Method == http.MethodHead {
		w = headOnly{w}
	}
	answer(w, report)
	http.NewResponseController(w).Flush() // the answer must not wait for a log that stalls
	e.observe(ctx, report)
}

// receive verifies the URL before it reads the body.
func (e *Endpoint) receive(ctx context.Context, w http.ResponseWriter, r *http.Request) Report {
	macText, tokenText, ok := splitPath(r.URL.Path)
	switch {
	case !ok:
		return Report{Outcome: NotFound}
	case r.Method != http.MethodPost && !isTrial(r):
		return Report{Outcome: NotAllowed}
	}
	admission, outcome, err := e.ingest.Admit(ctx, macText, tokenText)
	if outcome != Admitted || isTrial(r) {
		return Report{Outcome: outcome, MAC: admission.MAC, Err: err}
	}
	delivery := Delivery{Remote: remote(r), Coding: strings.Join(r.Header.Values("Content-Encoding"), ",")}
	body, free, err := e.room.read(ctx, admission.MAC, http.MaxBytesReader(w, r.Body, zycoo.MaxBody), r.ContentLength, delivery.decoded())
	defer free()
	switch _, tooLarge := err.(*http.MaxBytesError); {
	case tooLarge:
		return Report{Outcome: TooLarge, MAC: admission.MAC}
	case err == errNoRoom:
		return Report{Outcome: Busy, MAC: admission.MAC, Err: err}
	case err != nil:
		return Report{Outcome: Interrupted, MAC: admission.MAC, Err: err}
	}
	delivery.Body = body
	return e.ingest.Receive(ctx, admission, delivery)
}

// isTrial reports whether a request only asks if its URL works.
func isTrial(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// headOnly drops the body of an answer.
type headOnly struct{ http.ResponseWriter }

// Write implements http.ResponseWriter.
func (headOnly) Write(b []byte) (int, error) { return len(b), nil }

// Unwrap gives http.ResponseController the wrapped writer.
func (h headOnly) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// splitPath splits the path /v1/pbx/{mac}/{token}. It does not clean the path first, since no
// PBX follows a redirect to a cleaner one.
func splitPath(path string) (mac, token string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/v1/pbx/")
	mac, token, cut := strings.Cut(rest, "/")
	return mac, token, ok && cut && mac != "" && token != "" && !strings.Contains(token, "/")
}

// remote returns the address of the sender, without the port.
func remote(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// answer writes the outcome of a delivery, for the PBX or the person who tries its URL.
func answer(w http.ResponseWriter, r Report) {
	a := r.Outcome.Answer()
	switch r.Outcome {
	case Stored, Unrecognised:
		acknowledge(w, r)
		return
	case Unavailable, Busy:
		w.Header().Set("Retry-After", retryAfter)
	case NotAllowed:
		w.Header().Set("Allow", allowed)
	case Admitted:
		problem.Answer(w, a.Status, "application/json", problem.Problem{Title: a.Title, Status: a.Status, Detail: a.Detail})
		return
	}
	p := problem.Problem{Title: a.Title, Status: a.Status, Detail: a.Detail}
	if r.Array {
		p.Events = elements(r.Events)
	} else if len(r.Events) == 1 && (r.Outcome == Undecodable || r.Outcome == UnknownCoding) {
		at := r.Events[0].Err
		p.Detail, p.Place = reason(at)+". "+a.Detail, problem.Place{Line: at.Line, Column: at.Column, Member: at.Member}
	}
	problem.Write(w, p)
}

// acknowledgement is the body of an answer of success.
type acknowledgement struct {
	Stored       int `json:"stored"`
	Unrecognised int `json:"unrecognised,omitempty"`
}

func acknowledge(w http.ResponseWriter, r Report) {
	var ack acknowledgement
	for _, e := range r.Events {
		if e.Outcome == Stored {
			ack.Stored++
		} else {
			ack.Unrecognised++
		}
	}
	problem.Answer(w, r.Outcome.Answer().Status, "application/json", ack)
}

// elements returns the answer for each event of an array, in its order.
func elements(results []Result) []problem.Event {
	events := make([]problem.Event, len(results))
	for i, r := range results {
		a := r.Outcome.Answer()
		events[i] = problem.Event{Index: i, Status: a.Status, Title: a.Title}
		if r.Err != nil {
			events[i].Detail, events[i].Place = r.Err.Error(), problem.Place{Line: r.Err.Line, Column: r.Err.Column, Member: r.Err.Member}
		}
	}
	return events
}
