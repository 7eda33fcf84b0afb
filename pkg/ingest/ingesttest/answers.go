package ingesttest

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

const (
	call  = "{event:'cc_cdr', uuid:'1541415929.807', queueCode:'630', startTime:'2018-11-05 19:05:31', talkingTime:'0'}"
	state = "{event:'extensionstatus', exten:'808', statustext:'Idle'}"
)

// asked is a request, its answer, and what is stored.
type asked struct {
	name        string
	method      string                                 // empty: POST
	path        func(mac pbx.MAC, token string) string // nil: the PBX's own
	device      store.Device
	generation  token.Generation // 0: 1
	contentType string
	coding      string // the Content-Encoding
	body        string
	want        ingest.Outcome
	says        string // a part of the answer
	raw         int    // events archived
	quarantine  int    // events quarantined
	records     int    // of calls and extensions
	noGateway   bool   // a gateway does not pass it to the function
}

var requests = []asked{
	{name: "a call record", body: call, raw: 1, records: 1, says: `{"stored":1}`},
	{name: "application/json", contentType: "application/json", body: `{"event":"extensionstatus","exten":"808"}`, raw: 1, records: 1},
	{name: "text/plain", contentType: "text/plain", body: state, raw: 1, records: 1},
	{name: "a literal under a form's content type", contentType: formType, body: "{event:'extensionstatus', exten:'+86'}", raw: 1, records: 1},
	{name: "a form of fields", contentType: formType, body: "event=extensionstatus&exten=808&statustext=InUse%26Ringing", raw: 1, records: 1},
	{name: "a form of a literal", contentType: formType, body: "%7Bevent%3A'extensionstatus'%2Cexten%3A'808'%7D=", raw: 1, records: 1},
	{name: "GBK", body: "{event:'extensionstatus', exten:'\xb9\xa4\xd7\xf7'}", raw: 1, records: 1, noGateway: true},
	{name: "a MAC in capitals with dashes", path: func(mac pbx.MAC, token string) string {
		return "/v1/pbx/" + strings.ToUpper(string(mac[:2]+"-"+mac[2:4]+"-"+mac[4:6]+"-"+mac[6:8]+"-"+mac[8:10]+"-"+mac[10:])) + "/" + token
	}, body: state, raw: 1, records: 1},
	{name: "an array", body: "[" + call + "," + state + ",{event:'queuelogin'},]", raw: 3, records: 2, says: `{"stored":2,"unrecognised":1}`},
	{name: "a higher generation than demanded", generation: 3, device: store.Device{MinGeneration: 2}, body: state, raw: 1, records: 1},

	{name: "an unknown kind", body: "{event:'queuelogin', agent:'100'}", want: ingest.Unrecognised, raw: 1, says: `"unrecognised":1`},

	{name: "an empty body", body: "", want: ingest.Undecodable, quarantine: 1},
	{name: "a syntax error", body: "{event:'hangup',\n uniqueid: oops}", want: ingest.Undecodable, quarantine: 1, says: `"line":2,"column":12`},
	{name: "a member that can't be read", body: strings.Replace(call, "talkingTime:'0'", "talkingTime:'x'", 1), raw: 1, records: 1},
	{name: "a start that can't be read", body: "{event:'cc_cdr', uuid:'1', startTime:'soon'}", want: ingest.Undecodable, quarantine: 1, says: `"member":"startTime"`},
	{name: "no identity", body: "{event:'hangup'}", want: ingest.Undecodable, quarantine: 1, says: `"member":"uniqueid"`},
	{name: "no start time", body: "{event:'cc_cdr', uuid:'1'}", want: ingest.Undecodable, quarantine: 1, says: `"member":"startTime"`},
	{name: "an array with faults", body: "[" + state + ",{event:'hangup'},{event:'hangup',uniqueid:'1',mac:'68692e0b0001'}]", want: ingest.Partial,
		raw: 1, quarantine: 2, records: 1, says: `"index":1,"status":400`},
	{name: "an array that breaks off", body: "[" + state + ",{event:", want: ingest.Partial, raw: 1, quarantine: 1, records: 1},

	{name: "gzip", coding: "gzip", body: zipped(call), raw: 1, records: 1, says: `{"stored":1}`, noGateway: true},
	{name: "gzip that breaks off", coding: "gzip", body: zipped(call)[:50], want: ingest.Undecodable, quarantine: 1, noGateway: true},
	{name: "gzip of 1 MiB and a byte", coding: "gzip", body: zipped(state + strings.Repeat(" ", 1<<20+1-len(state))), want: ingest.TooLarge, noGateway: true},
	{name: "another coding", coding: "br", body: call, want: ingest.UnknownCoding, quarantine: 1, says: "gzip and deflate are"},

	{name: "another MAC in the body", body: "{event:'hangup', uniqueid:'1', mac:'68:69:2e:0b:00:01'}", want: ingest.Mismatch, quarantine: 1},

	{name: "a changed token", path: changedToken, body: state, want: ingest.Unauthorised},
	{name: "an unknown key", path: func(mac pbx.MAC, token string) string {
		return "/v1/pbx/" + string(mac) + "/k9" + token[strings.IndexByte(token, '-'):]
	}, body: state, want: ingest.Unauthorised},
	{name: "another PBX's token", path: func(_ pbx.MAC, token string) string {
		return "/v1/pbx/0200000000fe/" + token
	}, body: state, want: ingest.Unauthorised},
	{name: "no MAC", path: func(_ pbx.MAC, token string) string { return "/v1/pbx/reception/" + token }, body: state, want: ingest.Unauthorised},
	{name: "a body that names an alias", device: store.Device{Aliases: []pbx.MAC{"68692e0b00ff"}}, body: "{event:'extensionstatus', exten:'808', mac:'68-69-2e-0b-00-ff'}", raw: 1, records: 1},
	{name: "a generation that was replaced", generation: 1, device: store.Device{MinGeneration: 2}, body: state, want: ingest.Unauthorised},
	{name: "10 MB that nobody may send", path: func(mac pbx.MAC, _ string) string { return "/v1/pbx/" + string(mac) + "/k1-1-x" },
		body: strings.Repeat(" ", 10<<20), want: ingest.Unauthorised, noGateway: true},

	{name: "a disabled PBX", device: store.Device{Disabled: true}, body: state, want: ingest.Disabled},

	{name: "1 MiB and a byte", body: state + strings.Repeat(" ", 1<<20+1-len(state)), want: ingest.TooLarge},
	{name: "1 MiB", body: state + strings.Repeat(" ", 1<<20-len(state)), raw: 1, records: 1},
	{name: "10 MB", body: strings.Repeat(" ", 10<<20), want: ingest.TooLarge, noGateway: true},
	{name: "1,001 events", body: "[" + strings.Repeat("{event:'x'},", 1001) + "]", want: ingest.TooLarge},

	{name: "GET", method: http.MethodGet, want: ingest.Admitted},
	{name: "GET with a body", method: http.MethodGet, body: state, want: ingest.Admitted, noGateway: true},
	{name: "HEAD", method: http.MethodHead, want: ingest.Admitted},
	{name: "GET of a changed token", method: http.MethodGet, path: changedToken, want: ingest.Unauthorised},
	{name: "HEAD of a changed token", method: http.MethodHead, path: changedToken, want: ingest.Unauthorised},
	{name: "GET of a generation that was replaced", method: http.MethodGet, device: store.Device{MinGeneration: 2}, want: ingest.Unauthorised},
	{name: "GET of a disabled PBX", method: http.MethodGet, device: store.Device{Disabled: true}, want: ingest.Disabled},
	{name: "GET of no token", method: http.MethodGet, path: func(mac pbx.MAC, _ string) string { return "/v1/pbx/" + string(mac) }, want: ingest.NotFound},
	{name: "PUT", method: http.MethodPut, body: state, want: ingest.NotAllowed},
	{name: "a slash too many at the end", path: func(mac pbx.MAC, token string) string { return "/v1/pbx/" + string(mac) + "/" + token + "/" },
		body: state, want: ingest.NotFound},
	{name: "no token", path: func(mac pbx.MAC, _ string) string { return "/v1/pbx/" + string(mac) }, body: state, want: ingest.NotFound},
	{name: "a double slash", path: func(mac pbx.MAC, token string) string { return "//v1/pbx/" + string(mac) + "/" + token },
		body: state, want: ingest.NotFound, noGateway: true},
	{name: "a double slash inside", path: func(mac pbx.MAC, token string) string { return "/v1/pbx//" + string(mac) + "/" + token },
		body: state, want: ingest.NotFound, noGateway: true},
	{name: "dots", path: func(mac pbx.MAC, token string) string { return "/v1/pbx/../pbx/" + string(mac) + "/" + token },
		body: state, want: ingest.NotFound, noGateway: true},
	{name: "another path", path: func(pbx.MAC, string) string { return "/" }, body: state, want: ingest.NotFound, noGateway: true},
}

func changedToken(mac pbx.MAC, token string) string {
	return "/v1/pbx/" + string(mac) + "/" + token[:len(token)-1] + "1"
}

const formType = "application/x-www-form-urlencoded"

// zipped compresses a text with gzip.
func zipped(text string) string {
	var out strings.Builder
	w := gzip.NewWriter(&out)
	io.WriteString(w, text) // a Builder returns no error
	w.Close()
	return out.String()
}

// testAnswers sends each request from a different PBX.
func testAnswers(t *testing.T, d Endpoint) {
	for i, a := range requests {
		if d.Gateway && a.noGateway {
			continue
		}
		mac := pbx.MAC(fmt.Sprintf("02000000%04x", i))
		t.Run(a.name, func(t *testing.T) { d.check(t, mac, a) })
	}
}

func (d Endpoint) check(t *testing.T, mac pbx.MAC, a asked) {
	if !reflect.DeepEqual(a.device, store.Device{}) {
		d.setDevice(t, mac, a.device)
	}
	target := d.URL(mac, max(1, a.generation))
	if a.path != nil {
		target = d.Base + a.path(mac, target[strings.LastIndexByte(target, '/')+1:])
	}
	if a.method == "" {
		a.method = http.MethodPost
	}
	got := do(t, a.method, target, map[string]string{"Content-Type": a.contentType, "Content-Encoding": a.coding}, []byte(a.body))
	want := a.want.Answer()
	if a.method == http.MethodHead {
		want.Title = ""
		if got.body != "" {
			t.Errorf("a body: %s", got.body)
		}
	}
	if got.status != want.Status || !strings.Contains(got.body, want.Title) || !strings.Contains(got.body, a.says) {
		t.Errorf("answer %d %s\nwant %d %s %s", got.status, got.body, want.Status, want.Title, a.says)
	}
	if strings.Contains(got.body, d.Keys.Sign(mac, max(1, a.generation)).Reveal()) || !utf8.ValidString(got.body) {
		t.Errorf("the answer contains the token, or is not text: %s", got.body)
	}
	if got.header.Get("Location") != "" {
		t.Errorf("a redirect to %s", got.header.Get("Location"))
	}
	if allow := got.header.Get("Allow"); a.want == ingest.NotAllowed && allow != "GET, HEAD, POST" {
		t.Errorf("Allow: %s", allow)
	}
	d.checkKept(t, mac, a)
}

func (d Endpoint) checkKept(t *testing.T, mac pbx.MAC, a asked) {
	if all := d.archived(t, "raw/", mac); len(all) != a.raw {
		t.Errorf("archived %+v, want %d", all, a.raw)
	}
	if all := d.archived(t, "quarantine/", mac); len(all) != a.quarantine {
		t.Errorf("quarantined %+v, want %d", all, a.quarantine)
	}
	if records := Records(t, d.Store, mac); strings.Count(string(records), "\n") != a.records {
		t.Errorf("records\n%swant %d", records, a.records)
	}
}
