package apigw

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"trunkline/pkg/problem"
)

// Request holds the members of an event of payload format 2.0 that are used.
type Request struct {
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies"`
	Headers         map[string]string `json:"headers"` // several values are joined by commas
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	RequestContext  struct {
		HTTP struct {
			Method   string `json:"method"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"`
	} `json:"requestContext"`
}

// Response is an answer in payload format 2.0.
type Response struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers,omitempty"`
	Cookies         []string          `json:"cookies,omitempty"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// Handler returns a Lambda handler that calls h. Its error is always nil: a bad request is answered
// to its sender.
func Handler(h http.Handler) func(context.Context, Request) (Response, error) {
	return func(ctx context.Context, event Request) (Response, error) {
		w := writer{header: http.Header{}}
		if r, err := event.request(ctx); err == nil {
			h.ServeHTTP(&w, r)
		} else {
			problem.Write(&w, problem.Problem{Title: "The request can't be read", Status: http.StatusBadRequest,
				Detail: "Its body is not the base64 that its event announces."})
		}
		return w.response(), nil
	}
}

// request returns the HTTP request that the event describes.
func (e Request) request(ctx context.Context) (*http.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, err
		}
	}
	header := http.Header{}
	for name, value := range e.Headers {
		header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	r := &http.Request{
		Method:        e.RequestContext.HTTP.Method,
		URL:           &url.URL{Path: e.RawPath, RawQuery: e.RawQueryString},
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Host:          header.Get("Host"),
		RemoteAddr:    e.RequestContext.HTTP.SourceIP,
	}
	return r.WithContext(ctx), nil
}

// writer is an http.ResponseWriter that keeps the answer.
type writer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *writer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. The first status counts.
func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *writer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *writer) response() Response {
	w.WriteHeader(http.StatusOK)
	r := Response{
		StatusCode: w.status,
		Headers:    map[string]string{},
		Cookies:    w.header.Values("Set-Cookie"),
		Body:       w.body.String(),
	}
	for name, values := range w.header {
		if name != "Set-Cookie" {
			r.Headers[name] = strings.Join(values, ",")
		}
	}
	if !utf8.ValidString(r.Body) {
		r.Body, r.IsBase64Encoded = base64.StdEncoding.EncodeToString(w.body.Bytes()), true
	}
	return r
}
