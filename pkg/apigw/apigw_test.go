package apigw

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"trunkline/events"
	"trunkline/testdata"
)

// host is the host of every event.
const host = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"

// seen is the request that a handler received.
type seen struct {
	method, path, query, remote string
	header                      map[string]string // the headers that a row names
	body                        string
}

func TestAHandlerSeesEachEventAsItWasSent(t *testing.T) {
	const (
		path   = "/v1/pbx/68692e0b0001/TOKEN"
		hangup = "{event:'hangup',uniqueid:'1'}"
		plain  = "application/json"
		form   = "application/x-www-form-urlencoded"
	)
	post := func(path, remote, contentType, body string) seen {
		return seen{method: "POST", path: path, remote: remote, header: map[string]string{"Content-Type": contentType}, body: body}
	}
	withCookies := post(path, "203.0.113.16", plain, hangup)
	withCookies.header["Cookie"] = "session=a; theme=b"
	withCookies.header["Accept"] = "text/html,application/json"
	zipped := post(path, "203.0.113.22", plain, payload(t, "vendor/cc_cdr.txt"))
	zipped.header["Content-Encoding"] = "gzip"
	tests := map[string]seen{
		"apigw_cc_cdr.json":         post(path, "203.0.113.10", plain, payload(t, "vendor/cc_cdr.txt")),
		"apigw_form_literal.json":   post(path, "203.0.113.11", form, payload(t, "dialect/form_literal.txt")),
		"apigw_form_fields.json":    post(path, "203.0.113.12", form, payload(t, "dialect/form_fields.txt")),
		"apigw_gbk.json":            post(path, "203.0.113.13", form, payload(t, "dialect/ivr_gbk.txt")),
		"apigw_gzip.json":           zipped,
		"apigw_array.json":          post(path, "203.0.113.14", plain, payload(t, "dialect/array.txt")),
		"apigw_empty.json":          post(path, "203.0.113.15", "", ""),
		"apigw_cookies.json":        withCookies,
		"apigw_double_slash.json":   post("/v1/pbx//68692e0b0001/TOKEN", "203.0.113.17", plain, hangup),
		"apigw_trailing_slash.json": post(path+"/", "203.0.113.18", plain, hangup),
		"apigw_decoded_path.json":   post("/v1/pbx/工作 时间+100%2F%/TOKEN", "203.0.113.19", plain, hangup),
		"apigw_get.json": {method: "GET", path: path, query: "probe=1&probe=2&site=north", remote: "203.0.113.20",
			header: map[string]string{"X-Forwarded-Proto": "https", "Cookie": ""}},
		"apigw_bad_base64.json": {}, // never reaches the handler: see TestABodyThatIsNotBase64
	}
	names, err := fs.Glob(events.FS, "apigw_*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, ok := tests[name]; !ok {
			t.Errorf("%s: no row says what a handler should see", name)
		}
	}
	for name, want := range tests {
		if name == "apigw_bad_base64.json" {
			continue
		}
		t.Run(name, func(t *testing.T) { testSeen(t, event(t, name), want) })
	}
}

func testSeen(t *testing.T, event Request, want seen) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "the invocation's")
	called := false
	_, err := Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("body: %v", err)
		}
		if r.Method != want.method || r.URL.Path != want.path || r.URL.RawQuery != want.query {
			t.Errorf("got %s %q %q, want %s %q %q", r.Method, r.URL.Path, r.URL.RawQuery, want.method, want.path, want.query)
		}
		if r.RemoteAddr != want.remote {
			t.Errorf("remote address: %q, want %q", r.RemoteAddr, want.remote)
		}
		if r.Host != host {
			t.Errorf("host: %q, want %q", r.Host, host)
		}
		for name, value := range want.header {
			if got := r.Header.Get(name); got != value {
				t.Errorf("%s: %q, want %q", name, got, value)
			}
		}
		length := len(body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			body = unzip(t, body)
		}
		if string(body) != want.body || r.ContentLength != int64(length) {
			t.Errorf("body of %d bytes (%q), want %q", r.ContentLength, body, want.body)
		}
		if again, err := io.ReadAll(r.Body); len(again) > 0 || err != nil {
			t.Errorf("body, read again: %q, %v; want its end", again, err)
		}
		if r.Context().Value(key{}) == nil {
			t.Error("the context is not the invocation's")
		}
	}))(ctx, event)
	if err != nil || !called {
		t.Errorf("called: %t, error: %v", called, err)
	}
}

func unzip(t *testing.T, body []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err == nil {
		body, err = io.ReadAll(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestABodyThatIsNotBase64(t *testing.T) {
	got, err := Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the handler was called")
	}))(t.Context(), event(t, "apigw_bad_base64.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != 400 || got.Headers["Content-Type"] != "application/problem+json" {
		t.Errorf("got %d %v, want a problem of 400", got.StatusCode, got.Headers)
	}
	if !strings.Contains(got.Body, "base64") {
		t.Errorf("%s does not say what is wrong", got.Body)
	}
}

func TestAnAnswerIsWrittenAsAPIGatewayReadsIt(t *testing.T) {
	tests := map[string]struct {
		handle http.HandlerFunc
		want   string
	}{
		"nothing": {func(http.ResponseWriter, *http.Request) {},
			`{"statusCode":200,"body":"","isBase64Encoded":false}`},
		"a status without a body": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
			`{"statusCode":204,"body":"","isBase64Encoded":false}`},
		"the first status counts": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(503)
			w.WriteHeader(200)
		}, `{"statusCode":503,"body":"","isBase64Encoded":false}`},
		"a body in pieces": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "工")
			w.WriteHeader(503)
			io.WriteString(w, "作")
		}, `{"statusCode":200,"body":"工作","isBase64Encoded":false}`},
		"a body that is not UTF-8": {func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte{0xb9, 0xa4}) },
			`{"statusCode":200,"body":"uaQ=","isBase64Encoded":true}`},
		"headers of several values": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("Vary", "Accept")
			w.Header().Add("Vary", "Origin")
		}, `{"statusCode":200,"headers":{"Vary":"Accept,Origin"},"body":"","isBase64Encoded":false}`},
		"cookies, which hold commas": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("Set-Cookie", "a=1; Expires=Mon, 05 Nov 2018 11:05:40 GMT")
			w.Header().Add("Set-Cookie", "b=2")
		}, `{"statusCode":200,"cookies":["a=1; Expires=Mon, 05 Nov 2018 11:05:40 GMT","b=2"],"body":"","isBase64Encoded":false}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			response, err := Handler(test.handle)(t.Context(), event(t, "apigw_get.json"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(response)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// Lambda's runtime reports a panic, and starts a new container. A handler that recovered would hide it.
func TestAPanicIsLeftToTheRuntime(t *testing.T) {
	defer func() {
		if got := recover(); got != "broken" {
			t.Errorf("recovered %v, want the handler's panic", got)
		}
	}()
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") })
	Handler(broken)(t.Context(), event(t, "apigw_get.json"))
}

func event(t *testing.T, name string) (e Request) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, events.FS, name)), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func payload(t *testing.T, name string) string { return read(t, testdata.FS, name) }

func read(t *testing.T, from fs.FS, name string) string {
	t.Helper()
	data, err := fs.ReadFile(from, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
