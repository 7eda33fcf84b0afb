package hostile

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/apigw"
	"trunkline/pkg/archive"
	"trunkline/pkg/ingest"
	"trunkline/pkg/local"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/telemetry"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

// What the function answers itself, it answers as the server does; API Gateway has read the
// request by then. Each line of its log stands for one delivery, and is a metric too.
func TestTheFunctionAnswersABadInputAsTheServerDoes(t *testing.T) {
	t.Parallel()
	f := newFunction(t)
	for i, bad := range Table() {
		for j, a := range bad.As {
			mac := pbx.MAC(fmt.Sprintf("0200%04x%04x", i, j))
			event, ok := gatewayEvent(a.Of(mac, f.keys.Sign(mac, 1).Reveal()))
			if !ok || bad.Says == "" {
				continue // it never reaches the function
			}
			t.Run(bad.Tried+"/"+a.Name, func(t *testing.T) {
				got, err := f.invoke(t.Context(), event)
				if err != nil || got.StatusCode != bad.Status || !strings.Contains(got.Body, bad.Says) {
					t.Errorf("answer %d %.300s, %v\nwant %d %s", got.StatusCode, got.Body, err, bad.Status, bad.Says)
				}
				if kept := f.kept(t, mac); kept != bad.Kept {
					t.Errorf("%s is kept, want %s", kept, bad.Kept)
				}
			})
			f.invoked++
		}
	}
	f.checkLog(t)
	f.isFreeOf(t, secrets(f.keys), f.log.String())
}

// function is the ingest function over a folder.
type function struct {
	*folder
	keys    *token.Keyring
	invoke  func(context.Context, apigw.Request) (apigw.Response, error)
	log     bytes.Buffer
	invoked int
}

func newFunction(t *testing.T) *function {
	t.Helper()
	keys, err := token.ParseKeys(fleetKeys)
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	data, err := local.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { data.Close() })
	f := &function{folder: readFolder(t, path), keys: keys}
	in := ingest.New(tokentest.Fixed(f.keys), store.New(data.Table, time.Now), archive.NewDirect(data.Bucket), data.Bucket, time.Now)
	f.invoke = apigw.Handler(ingest.NewEndpoint(in, telemetry.DeliveryMetrics(&f.log, "Trunkline/test", true, time.Now), time.Now))
	return f
}

// gatewayEvent is what API Gateway makes of an attempt, if anything.
func gatewayEvent(a Attempt) (event apigw.Request, ok bool) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(a.Wire)))
	if err != nil || a.More != "" {
		return event, false
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return event, false
	}
	event.RawPath, event.RawQueryString, event.Headers = r.URL.Path, r.URL.RawQuery, map[string]string{"host": r.Host}
	for name, values := range r.Header {
		event.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	event.RequestContext.HTTP.Method, event.RequestContext.HTTP.SourceIP = r.Method, "203.0.113.9"
	return event, true
}

// members are all that a line of the log may have.
var members = []string{"time", "level", "msg", "mac", "outcome", "kind", "events", "spilled", "quarantined", "took_ms", "_aws", "line", "column", "member", "unrecognised"}

func (f *function) checkLog(t *testing.T) {
	t.Helper()
	if n := bytes.Count(f.log.Bytes(), []byte("\n")); n != f.invoked || n == 0 {
		t.Errorf("%d lines of %d deliveries", n, f.invoked)
	}
	for line := range strings.Lines(f.log.String()) {
		if err := checkLine(line); err != nil {
			t.Errorf("%v: %s", err, line)
		}
	}
}

// checkLine reports what is wrong with a line that CloudWatch reads: each member stands in it
// once, is one that we write, and has nothing of an attack.
func checkLine(line string) error {
	if strings.Contains(line, forged) {
		return errors.New("it has something of an attack")
	}
	d := json.NewDecoder(strings.NewReader(line))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return fmt.Errorf("it begins with %v, %w", start, err)
	}
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err = errors.Join(err, d.Decode(&value)); err != nil {
			return err
		}
		if text := name.(string); seen[text] || !slices.Contains(members, text) {
			return fmt.Errorf("the member %q is not ours, or twice", text)
		} else {
			seen[text] = true
		}
	}
	_, err := d.Token()
	_, end := d.Token()
	if err != nil || end != io.EOF {
		return fmt.Errorf("it ends with %v, %v", err, end)
	}
	return nil
}
