package cloud

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trunkline/pkg/config"
	"trunkline/pkg/pbx"
	"trunkline/pkg/token"
)

const (
	mac    = pbx.MAC("68692e0b0001")
	secret = `{"signing":"k1","k1":"anExampleThatSignsNoRealURLsAtAll0123456789anExampleThatOpensNo"}`
)

// stub stands for AWS. A test gives the handlers of some operations; the others succeed.
type stub struct {
	operations map[string]http.HandlerFunc
	ended      chan struct{} // closed at the end of the test, so that requests that hang can end
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if operation == "" {
		operation = r.Method // of S3
	}
	if answer, ok := s.operations[operation]; ok {
		answer(w, r)
		return
	}
	io.Copy(io.Discard, r.Body)
	switch operation {
	case "GetSecretValue":
		json.NewEncoder(w).Encode(map[string]string{"SecretString": secret})
	case "BatchGetItem", "GetItem", "PutItem", "PutRecord":
		io.WriteString(w, "{}")
	case http.MethodPut:
	default:
		http.Error(w, "no such operation: "+operation, http.StatusNotImplemented)
	}
}

func (s *stub) hang(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	select {
	case <-r.Context().Done():
	case <-s.ended:
	}
}

func fail(status int, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.dynamodb.v20120810#" + kind, "message": "stub"})
	}
}

// inTurn answers the first request with first, and all others with then.
func inTurn(first, then http.HandlerFunc) http.HandlerFunc {
	var requests atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			first(w, r)
		} else {
			then(w, r)
		}
	}
}

// alreadyThere answers that the condition failed, since the same item exists.
func alreadyThere(w http.ResponseWriter, r *http.Request) {
	var put struct{ Item json.RawMessage }
	json.NewDecoder(r.Body).Decode(&put)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	json.NewEncoder(w).Encode(map[string]any{
		"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "stub", "Item": put.Item,
	})
}

func TestTheEndpointRetriesAndReportsLastingFailures(t *testing.T) {
	s := &stub{ended: make(chan struct{})}
	for name, c := range map[string]struct {
		operations map[string]http.HandlerFunc
		streams    string
		status     int
		log        string
	}{
		"all is well":                           {nil, "", 200, `"outcome":"stored"`},
		"a request that is throttled once":      {map[string]http.HandlerFunc{"PutItem": inTurn(fail(400, "ThrottlingException"), func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") })}, "", 200, `"outcome":"stored"`},
		"a request that hangs once":             {map[string]http.HandlerFunc{http.MethodPut: inTurn(s.hang, func(http.ResponseWriter, *http.Request) {})}, "", 200, `"outcome":"stored"`},
		"a first try that failed but persisted": {map[string]http.HandlerFunc{"PutItem": inTurn(fail(500, "InternalServerError"), alreadyThere)}, "", 200, `"outcome":"stored"`},
		"settings that can't be read":           {map[string]http.HandlerFunc{"BatchGetItem": fail(400, "AccessDeniedException")}, "", 200, `"outcome":"stored"`},
		"records that hang":                     {map[string]http.HandlerFunc{"PutItem": s.hang}, "", 200, `"spilled":1`},
		"an archive that hangs":                 {map[string]http.HandlerFunc{http.MethodPut: s.hang}, "", 200, `"spilled":1`},
		"both that hang":                        {map[string]http.HandlerFunc{"PutItem": s.hang, http.MethodPut: s.hang}, "", 503, `PutObject`},
		"no table":                              {map[string]http.HandlerFunc{"PutItem": fail(400, "ResourceNotFoundException")}, "", 200, `"spilled":1`},
		"no keys":                               {map[string]http.HandlerFunc{"GetSecretValue": fail(400, "AccessDeniedException")}, "", 503, `AccessDeniedException`},
		"a delivery stream":                     {map[string]http.HandlerFunc{http.MethodPut: fail(500, "InternalError")}, "trunkline-", 200, `"outcome":"stored"`},
		"a delivery stream that hangs once":     {map[string]http.HandlerFunc{"PutRecord": inTurn(s.hang, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") })}, "trunkline-", 200, `"outcome":"stored"`},
		"a throttled delivery stream":           {map[string]http.HandlerFunc{"PutRecord": fail(503, "ServiceUnavailableException")}, "trunkline-", 200, `"spilled":1`},
		"a delivery stream that hangs":          {map[string]http.HandlerFunc{"PutRecord": s.hang}, "trunkline-", 200, `"spilled":1`},
		"no delivery stream":                    {map[string]http.HandlerFunc{"PutRecord": fail(400, "ResourceNotFoundException")}, "trunkline-", 200, `"spilled":1`},
		"records that hang, and a stream":       {map[string]http.HandlerFunc{"PutItem": s.hang}, "trunkline-", 200, `"spilled":1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			aws := httptest.NewServer(&stub{operations: c.operations})
			t.Cleanup(aws.Close)
			status, took, log := post(t, aws.URL, c.streams)
			if status != c.status || !strings.Contains(log, c.log) || took > 6*time.Second {
				t.Errorf("answer %d after %v, want %d: %s", status, took, c.status, log)
			}
		})
	}
	t.Cleanup(func() { close(s.ended) })
}

// post sends an event to the endpoint, wired for AWS.
func post(t *testing.T, aws, streams string) (status int, took time.Duration, log string) {
	t.Helper()
	var out strings.Builder
	handler := Endpoint(config.Ingest{
		AWS:   config.AWS{Region: "eu-central-1", AccessKeyID: "id", SecretAccessKey: "not-a-secret", Endpoint: aws},
		Table: "records", Archive: config.Archive{Bucket: "archive", Streams: streams}, FleetKeys: "keys",
	}, &out, time.Now)
	keys, err := token.ParseSecret([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/pbx/"+string(mac)+"/"+keys.Sign(mac, 1).Reveal(), strings.NewReader("{event:'hangup',uniqueid:'1'}"))
	w := httptest.NewRecorder()
	began := time.Now()
	handler.ServeHTTP(w, r)
	return w.Code, time.Since(began), out.String()
}
