// Package ingesttest is the suite that every endpoint of Trunkline must pass. It sends the
// vendor's payloads and all rows of the table of answers over HTTP.
package ingesttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
	"trunkline/testdata"
)

// Endpoint is a running Trunkline, as the suite sees it.
type Endpoint struct {
	Base   string         // such as http://127.0.0.1:8080
	Keys   *token.Keyring // that the endpoint verifies with
	Store  *store.Store   // that the endpoint writes to, and reads settings from
	Bucket archive.Bucket
	// Golden is the path of the golden file with the records of the vendor's payloads.
	Golden string
	// Gateway reports whether a stand-in for API Gateway is in front of the endpoint. It reads
	// the whole body, as UTF-8, before it calls the function. Paths that are no route of the
	// function it answers itself.
	Gateway bool
	// BodyTimeout is how long a body may take if there is no gateway.
	BodyTimeout time.Duration
}

// URL returns the URL of a PBX at this endpoint.
func (d Endpoint) URL(mac pbx.MAC, g token.Generation) string {
	return d.Base + "/v1/pbx/" + string(mac) + "/" + d.Keys.Sign(mac, g).Reveal()
}

// Run runs the suite. The endpoint's stores should be empty.
func Run(t *testing.T, d Endpoint) {
	t.Run("vendor", func(t *testing.T) { testVendorPayloads(t, d) })
	t.Run("software v4", func(t *testing.T) { testV4(t, d) })
	t.Run("answers", func(t *testing.T) { testAnswers(t, d) })
	if !d.Gateway {
		t.Run("slow body", func(t *testing.T) { testSlowBody(t, d) })
		t.Run("half-closed", func(t *testing.T) { testHalfClosed(t, d) })
	}
}

// Payload is one of the vendor's examples, unchanged, with a MAC that may send it.
type Payload struct {
	Name string
	MAC  pbx.MAC
	Kind pbx.Kind
	Body []byte
}

// VendorPayloads returns the six events of the vendor's page.
func VendorPayloads(tb testing.TB) []Payload {
	payloads := []Payload{
		{"dialbegin", "68692e050f9a", pbx.KindDialBegin, nil},
		{"dialend", "68692e050f9a", pbx.KindDialEnd, nil},
		{"hangup", "68692e0b0001", pbx.KindHangup, nil},
		{"extensionstatus", "68692e0b0001", pbx.KindExtensionStatus, nil},
		{"ivr", "68692e038b3e", pbx.KindIVR, nil},
		{"cc_cdr", "68692e0b0001", pbx.KindCallRecord, nil},
	}
	for i := range payloads {
		body, err := testdata.FS.ReadFile("vendor/" + payloads[i].Name + ".txt")
		if err != nil {
			tb.Fatal(err)
		}
		payloads[i].Body = body
	}
	return payloads
}

// testVendorPayloads posts the vendor's payloads, and checks what was stored.
func testVendorPayloads(t *testing.T, d Endpoint) {
	for _, p := range VendorPayloads(t) {
		status, answer := Post(t, d.URL(p.MAC, 1), p.Body)
		if status != http.StatusOK || strings.TrimSpace(answer) != `{"stored":1}` {
			t.Errorf("%s: %d %s", p.Name, status, answer)
		}
		d.checkArchived(t, p)
	}
	got := Records(t, d.Store, "68692e050f9a", "68692e0b0001", "68692e038b3e")
	want, err := os.ReadFile(d.Golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("records\n%swant\n%s", got, want)
	}
}

// checkArchived checks that the payload is in the archive, under its kind.
func (d Endpoint) checkArchived(t *testing.T, p Payload) {
	t.Helper()
	all := d.archived(t, "raw/kind="+string(p.Kind)+"/", p.MAC)
	if len(all) != 1 {
		t.Errorf("%s: archived as %+v", p.Name, all)
		return
	}
	if r := all[0]; r.MAC != p.MAC || r.Kind != p.Kind || !bytes.Equal(r.Body, p.Body) || r.Remote == "" {
		t.Errorf("%s: archived as %+v", p.Name, r)
	}
}

// Records returns all records of some PBXs as JSON lines, without the times of receipt.
func Records(tb testing.TB, s *store.Store, macs ...pbx.MAC) []byte {
	ctx := tb.Context()
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	lines.SetEscapeHTML(false)
	write := func(record any, err error) {
		if err := errors.Join(err, lines.Encode(record)); err != nil {
			tb.Fatal(err)
		}
	}
	for _, mac := range macs {
		for r, err := range s.CallRecords(ctx, mac, pbx.UTC, store.Span{}) {
			r.Received = time.Time{}
			write(r, err)
		}
		for r, err := range s.CDRs(ctx, mac, pbx.UTC, store.Span{}) {
			r.Received = time.Time{}
			write(r, err)
		}
		for r, err := range s.IVRSteps(ctx, mac, pbx.UTC, store.Span{}) {
			r.Received = time.Time{}
			write(r, err)
		}
		for r, err := range s.Extensions(ctx, mac) {
			r.Received = time.Time{}
			write(r, err)
		}
		calls, err := s.LiveCalls(ctx, mac)
		slices.SortFunc(calls, func(a, b store.LiveCall) int { return strings.Compare(a.UniqueID, b.UniqueID) })
		for _, c := range calls {
			c.Seen = time.Time{}
			write(c, err)
		}
	}
	return out.Bytes()
}

// archived returns what one PBX has in objects under a prefix.
func (d Endpoint) archived(t *testing.T, prefix string, mac pbx.MAC) []archive.Receipt {
	t.Helper()
	return slices.DeleteFunc(archivetest.Receipts(t, d.Bucket, prefix), func(r archive.Receipt) bool { return r.MAC != mac })
}

// Post posts a body to a URL.
func Post(t testing.TB, url string, body []byte) (status int, answer string) {
	t.Helper()
	got := do(t, http.MethodPost, url, nil, body)
	return got.status, got.body
}

type response struct {
	status int
	header http.Header
	body   string
}

func do(t testing.TB, method, target string, header map[string]string, body []byte) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r.URL, err = url.Parse(target); err != nil { // NewRequest would clean the path
		t.Fatal(err)
	}
	r.Host = r.URL.Host
	for name, value := range header {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	client := http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	got, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{got.StatusCode, got.Header, string(text)}
}

// testSlowBody sends a body that never ends. It is answered, and nothing is stored.
func testSlowBody(t *testing.T, d Endpoint) {
	const mac = "0200000000ff"
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.Base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	path := strings.TrimPrefix(d.URL(mac, 1), d.Base)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: pbx\r\nContent-Length: 100\r\n\r\n{event:", path)
	conn.SetReadDeadline(time.Now().Add(d.BodyTimeout + 10*time.Second))
	got, err := io.ReadAll(conn)
	if want := fmt.Sprint("HTTP/1.1 ", ingest.Interrupted.Answer().Status); err != nil || !strings.HasPrefix(string(got), want) {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if all := append(d.archived(t, "raw/", mac), d.archived(t, "quarantine/", mac)...); len(all) != 0 {
		t.Errorf("kept %+v", all)
	}
}

// testHalfClosed sends events from clients that then close their side of the connection, and
// wait. They are answered like all others.
func testHalfClosed(t *testing.T, d Endpoint) {
	length := fmt.Sprintf("Content-Length: %d\r\n", len(state))
	for i, request := range []string{
		" HTTP/1.1\r\nHost: pbx\r\n" + length + "\r\n" + state,
		" HTTP/1.0\r\n" + length + "\r\n" + state,
		" HTTP/1.0\r\nConnection: keep-alive\r\n" + length + "\r\n" + state,
		" HTTP/1.1\r\nHost: pbx\r\nExpect: 100-continue\r\n" + length + "\r\n" + state,
		fmt.Sprintf(" HTTP/1.1\r\nHost: pbx\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(state), state),
	} {
		mac := pbx.MAC(fmt.Sprintf("02000000fe%02x", i))
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.Base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(conn, "POST "+strings.TrimPrefix(d.URL(mac, 1), d.Base)+request)
		conn.(*net.TCPConn).CloseWrite()
		got, err := io.ReadAll(conn)
		if err != nil || !strings.Contains(string(got), " 200 OK\r\n") {
			t.Errorf("%q: got %s, %v", request, got, err)
		}
		d.checkKept(t, mac, asked{raw: 1, records: 1})
	}
}

// setDevice writes settings. It need not wait for a cache, since the suite uses each MAC once.
func (d Endpoint) setDevice(t *testing.T, mac pbx.MAC, device store.Device) {
	t.Helper()
	if err := d.Store.SetDevice(context.WithoutCancel(t.Context()), mac, device); err != nil {
		t.Fatal(err)
	}
}
