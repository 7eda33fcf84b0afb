package tap

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
)

// maxBody is the size of the largest body in bytes: more than the largest object.
const maxBody = 80 << 20

// Fault is how a service fails.
type Fault int

// The faults.
const (
	None    Fault = iota
	Refuses       // it hangs up without an answer, and does nothing
	Hangs         // it does not answer, and does nothing, until the caller gives up
	Cuts          // it does what it is asked for, and hangs up without an answer
	Denies        // it answers that the caller may not
)

// Tap is an http.Handler that hands requests on.
type Tap struct {
	upstream  *url.URL
	transport http.RoundTripper
	mu        sync.Mutex
	faults    map[string]Fault
	calls     []Call
}

// New makes a Tap in front of an endpoint, such as http://127.0.0.1:4566.
func New(endpoint string) (*Tap, error) {
	upstream, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("tap: %w", err)
	}
	return &Tap{upstream: upstream, transport: &http.Transport{DisableCompression: true}, faults: map[string]Fault{}}, nil
}

// Break has a service, such as dynamodb, or one operation of it, such as dynamodb:PutItem,
// fail from now on; with None, work again.
func (t *Tap) Break(what string, f Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[what] = f
}

// Calls are those that were made so far, in the order in which they ended.
func (t *Tap) Calls() []Call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.calls)
}

func (t *Tap) fault(c Call) Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.faults[c.Service], t.faults[c.Service+":"+c.Operation])
}

func (t *Tap) note(c Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, c)
}

// ServeHTTP implements http.Handler. A call is noted before it is answered.
func (t *Tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the caller has gone
	}
	call := read(r, body)
	switch t.fault(call) {
	case Refuses:
		t.note(call)
		panic(http.ErrAbortHandler)
	case Hangs:
		t.note(call)
		<-r.Context().Done()
	case Denies:
		call.Status = http.StatusForbidden
		t.note(call)
		deny(w, call.Service)
	default:
		t.handOn(w, r, body, call)
	}
}

func (t *Tap) handOn(w http.ResponseWriter, r *http.Request, body []byte, call Call) {
	status, header, answer, err := t.ask(r, askForCapacity(call, body))
	if err != nil {
		t.note(call)
		panic(http.ErrAbortHandler)
	}
	call.Status = status
	call.price(body, answer)
	t.note(call)
	if t.fault(call) == Cuts {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), header)
	w.WriteHeader(status)
	w.Write(answer)
}

// ask makes a request of the service itself, and reads the whole answer.
func (t *Tap) ask(r *http.Request, body []byte) (status int, header http.Header, answer []byte, err error) {
	out := r.Clone(r.Context())
	out.RequestURI, out.Host = "", t.upstream.Host
	out.URL.Scheme, out.URL.Host = t.upstream.Scheme, t.upstream.Host
	out.Body, out.ContentLength, out.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	response, err := t.transport.RoundTrip(out)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxBody))
	return response.StatusCode, response.Header, answer, err
}

// deny answers as a service does whose caller's role lacks the action.
func deny(w http.ResponseWriter, service string) {
	if service == "s3" {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	io.WriteString(w, `{"__type":"AccessDeniedException","message":"Access Denied"}`)
}
