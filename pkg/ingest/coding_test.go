package ingest_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/ingest"
	"trunkline/pkg/token/tokentest"
	"trunkline/pkg/zycoo"
)

// codings are the codings that the endpoint reads.
var codings = map[string]func(io.Writer) io.WriteCloser{
	"gzip": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"zlib": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
	"bare": func(w io.Writer) io.WriteCloser {
		f, _ := flate.NewWriter(w, flate.BestSpeed)
		return f
	},
}

func encode(t *testing.T, coding, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := codings[coding](&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// postCoded posts a body with headers of Content-Encoding.
func postCoded(t *testing.T, b *backend, body string, named ...string) *httptest.ResponseRecorder {
	t.Helper()
	in := ingest.New(tokentest.Fixed(keys(t)), records{b}, archive.NewDirect(archived{backend: b}), archived{backend: b}, time.Now)
	endpoint := ingest.NewEndpoint(in, func(context.Context, ingest.Report) {}, time.Now)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/pbx/"+string(mac)+"/"+keys(t).Sign(mac, 1).Reveal(), strings.NewReader(body))
	r.Header["Content-Encoding"] = named
	w := httptest.NewRecorder()
	endpoint.ServeHTTP(w, r)
	return w
}

func TestABodyIsReadAndArchivedWithoutItsCoding(t *testing.T) {
	array := "[" + call + "," + call + "]"
	largest := call + strings.Repeat(" ", zycoo.MaxBody-len(call))
	for name, c := range map[string]struct {
		coding, text, named string
	}{
		"gzip":                        {"gzip", call, "gzip"},
		"gzip by its old name":        {"gzip", call, "x-gzip"},
		"gzip in capitals":            {"gzip", call, "GZIP"},
		"deflate":                     {"zlib", call, "deflate"},
		"deflate without its header":  {"bare", call, "deflate"},
		"identity":                    {"", call, "identity"},
		"nothing":                     {"", call, ""},
		"identity and gzip":           {"gzip", call, "identity , gzip"},
		"an encoding of characters":   {"", call, "UTF-8"},
		"an array":                    {"gzip", array, "gzip"},
		"the largest body, gzip":      {"gzip", largest, "gzip"},
		"the largest body, deflate":   {"zlib", largest, "deflate"},
		"the largest body, bare":      {"bare", largest, "deflate"},
		"another encoding, in gzip":   {"gzip", "{event:'cc_cdr', uuid:'1', startTime:'2018-11-05 19:05:31', ivrName:'\xb9\xa4\xd7\xf7'}", "gzip"},
		"a form, in deflate":          {"zlib", "event=extensionstatus&exten=808", "deflate"},
		"an invalid event, in gzip":   {"gzip", "{event:", "gzip"},
		"an invalid event, unchanged": {"", "{event:", "identity"},
	} {
		t.Run(name, func(t *testing.T) {
			body := c.text
			if c.coding != "" {
				body = encode(t, c.coding, c.text)
			}
			plain, coded := &backend{}, &backend{}
			want, got := postCoded(t, plain, c.text), postCoded(t, coded, body, c.named)
			if got.Code != want.Code || got.Body.String() != want.Body.String() || len(coded.kept) != len(plain.kept) || len(coded.recorded) != len(plain.recorded) {
				t.Fatalf("answer %d %.200s, want %d %.200s; %d archived, %d recorded", got.Code, got.Body, want.Code, want.Body, len(coded.kept), len(coded.recorded))
			}
			for _, e := range coded.kept {
				if string(e.Body) != string(plain.kept[0].Body) || e.Reason != plain.kept[0].Reason {
					t.Errorf("archived %.200q, %s", e.Body, e.Reason)
				}
			}
		})
	}
}

func TestABodyThatCannotBeDecompressedIsQuarantinedAsReceived(t *testing.T) {
	zipped := encode(t, "gzip", call)
	changed := []byte(zipped)
	changed[len(changed)-5]++ // of its length
	for name, c := range map[string]struct {
		body   string
		named  []string
		want   ingest.Outcome
		reason string
	}{
		"gzip that breaks off":       {zipped[:len(zipped)-9], []string{"gzip"}, ingest.Undecodable, "the body can't be read as gzip: unexpected EOF"},
		"gzip without its end":       {zipped[:len(zipped)-8], []string{"gzip"}, ingest.Undecodable, "unexpected EOF"},
		"gzip that was changed":      {string(changed), []string{"gzip"}, ingest.Undecodable, "gzip: invalid checksum"},
		"invalid gzip":               {call, []string{"gzip"}, ingest.Undecodable, "gzip: invalid header"},
		"nothing, as gzip":           {"", []string{"gzip"}, ingest.Undecodable, "can't be read as gzip"},
		"nothing, as deflate":        {"", []string{"deflate"}, ingest.Undecodable, "can't be read as deflate"},
		"invalid deflate":            {call, []string{"deflate"}, ingest.Undecodable, "can't be read as deflate"},
		"deflate with a dictionary":  {"\x78\xbb\x00\x00\x00\x01", []string{"deflate"}, ingest.Undecodable, "can't be read as deflate"},
		"gzip, announced as deflate": {zipped, []string{"deflate"}, ingest.Undecodable, "can't be read as deflate"},
		"br":                         {call, []string{"br"}, ingest.UnknownCoding, `the coding "br" is not read: gzip and deflate are`},
		"zstd":                       {call, []string{"zstd"}, ingest.UnknownCoding, `"zstd"`},
		"compress":                   {call, []string{"compress"}, ingest.UnknownCoding, `"compress"`},
		"two codings":                {encode(t, "gzip", zipped), []string{"gzip, gzip"}, ingest.UnknownCoding, `"gzip, gzip"`},
		"two headers":                {encode(t, "zlib", zipped), []string{"gzip", "deflate"}, ingest.UnknownCoding, `"gzip, deflate"`},
		"a coding with a quality":    {zipped, []string{"gzip;q=1"}, ingest.UnknownCoding, `"gzip;q=1"`},
		"a very long name":           {call, []string{strings.Repeat("x", 9999)}, ingest.UnknownCoding, `the coding "` + strings.Repeat("x", 40) + `" is not read`},
	} {
		t.Run(name, func(t *testing.T) {
			b := &backend{}
			w := postCoded(t, b, c.body, c.named...)
			if w.Code != c.want.Answer().Status || !strings.Contains(w.Body.String(), c.want.Answer().Title) || len(b.recorded) != 0 || len(b.kept) != 1 {
				t.Fatalf("answer %d %s, %d archived, %d recorded", w.Code, w.Body, len(b.kept), len(b.recorded))
			}
			if e := b.kept[0]; string(e.Body) != c.body || e.Kind != "" || !strings.Contains(e.Reason, c.reason) || len(e.Reason) > 200 {
				t.Errorf("archived %q, %s", e.Body, e.Reason)
			}
			if said := strings.ReplaceAll(w.Body.String(), `\"`, `"`); !strings.Contains(said, c.reason) || strings.Contains(said, `"line"`) {
				t.Errorf("the answer is %s", said)
			}
		})
	}
}

func TestACompressionBombIsRefusedWithoutUnpackingIt(t *testing.T) {
	const unpacked = 16 << 20
	for coding, named := range map[string]string{"gzip": "gzip", "zlib": "deflate", "bare": "deflate"} {
		bomb := encode(t, coding, strings.Repeat(" ", unpacked))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b := &backend{}
		w := postCoded(t, b, bomb, named)
		runtime.ReadMemStats(&after)
		if w.Code != http.StatusRequestEntityTooLarge || len(b.kept)+len(b.recorded) != 0 {
			t.Errorf("%s: answer %d %s", coding, w.Code, w.Body)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 16*zycoo.MaxBody {
			t.Errorf("%s: %d bytes are used for a bomb of %d", coding, used, len(bomb))
		}
	}
	one := zycoo.MaxBody + 1
	if w := postCoded(t, &backend{}, encode(t, "gzip", call+strings.Repeat(" ", one-len(call))), "gzip"); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a byte too many: answer %d", w.Code)
	}
}
