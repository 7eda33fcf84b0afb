package zycoo

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"trunkline/pkg/pbx"
	"trunkline/testdata"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden is the form of a golden file: what a body was found to hold, as JSON.
type golden struct {
	Array    bool            `json:"array,omitempty"`
	Elements []goldenElement `json:"elements"`
}

type goldenElement struct {
	Kind  pbx.Kind  `json:"kind,omitempty"`
	MAC   pbx.MAC   `json:"mac,omitempty"`
	Event pbx.Event `json:"event,omitempty"`
	Error string    `json:"error,omitempty"`
}

func goldenOf(b Body) []byte {
	g := golden{Array: b.Array}
	for _, e := range b.Elements {
		if e.Err != nil {
			g.Elements = append(g.Elements, goldenElement{Error: e.Err.Error()})
			continue
		}
		g.Elements = append(g.Elements, goldenElement{Kind: e.Event.Kind(), MAC: e.Event.ClaimedMAC(), Event: e.Event})
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(g); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// payloads are the bodies in testdata by the names of their files.
func payloads(tb testing.TB) map[string][]byte {
	files, err := fs.Glob(testdata.FS, "*/*.txt")
	if err != nil || len(files) < 15 {
		tb.Fatalf("found %d payloads, %v", len(files), err)
	}
	bodies := map[string][]byte{}
	for _, file := range files {
		body, err := testdata.FS.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		bodies[file] = body
	}
	return bodies
}

func TestPayloadsDecodeToTheirGoldenEvents(t *testing.T) {
	for file, body := range payloads(t) {
		t.Run(file, func(t *testing.T) {
			decoded, err := Decode(body)
			if err != nil {
				t.Fatal(err)
			}
			got := goldenOf(decoded)
			path := filepath.Join("../../testdata", strings.TrimSuffix(file, ".txt")+".golden.json")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestEveryKindHasAPayload(t *testing.T) {
	found := map[pbx.Kind]bool{}
	for file, body := range payloads(t) {
		decoded, err := Decode(body)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, e := range decoded.Elements {
			if e.Event != nil {
				found[e.Event.Kind()] = true
			}
		}
	}
	for _, kind := range pbx.Kinds() {
		if !found[kind] {
			t.Errorf("testdata has no event of the kind %s", kind)
		}
	}
}

// strict is the body as strict JSON, ok where it is a literal without a fault.
func strict(body []byte) (text []byte, ok bool) {
	literal := bare(string(body))
	if !isLiteral(literal) {
		return nil, false
	}
	p := parser{src: literal}
	p.skipBlank()
	text = p.appendJSON(nil, 0)
	p.end()
	return text, p.err == nil
}

// checkBody holds what is true of every body, and returns what it decodes to.
func checkBody(t *testing.T, body []byte) {
	decoded, err := Decode(body)
	if err != nil {
		if !errors.Is(err, ErrTooLarge) {
			t.Fatalf("Decode fails with %v", err)
		}
		return
	}
	if len(decoded.Elements) == 0 || len(decoded.Elements) > MaxEvents+1 {
		t.Fatalf("%d elements", len(decoded.Elements))
	}
	for _, e := range decoded.Elements {
		if (e.Event == nil) == (e.Err == nil) {
			t.Fatalf("an element is either an event or an error: %v, %v", e.Event, e.Err)
		}
		if e.Err != nil && (e.Err.Line < 1 || e.Err.Column < 1 || e.Err.Reason == "") {
			t.Fatalf("an error without a place: %+v", e.Err)
		}
		if e.Err != nil && strings.ContainsAny(e.Err.Error(), "\n\r\x00\x1b") {
			t.Fatalf("an error of more than one plain line: %q", e.Err)
		}
		if decoded.Array && e.Err == nil {
			alone, err := Decode([]byte(e.Text))
			if err != nil || alone.Array || !reflect.DeepEqual(alone.Elements[0].Event, e.Event) {
				t.Fatalf("an element's own text %q decodes to %+v, in its array to %+v", e.Text, alone, e.Event)
			}
		}
	}
	text, ok := strict(body)
	if !ok {
		return
	}
	if !json.Valid(text) {
		t.Fatalf("%s is not strict JSON", text)
	}
	again, err := Decode(text)
	if err != nil {
		return // the strict form may be over the limit
	}
	if len(again.Elements) != len(decoded.Elements) || again.Array != decoded.Array {
		t.Fatalf("the strict form has %d elements, the body %d", len(again.Elements), len(decoded.Elements))
	}
	for i, e := range again.Elements {
		if grown := len(e.Text) > MaxEvent; grown {
			continue
		}
		want := decoded.Elements[i]
		if want.Err != nil && len(want.Text) > MaxEvent {
			continue // comments and blanks made it too long
		}
		if !utf8.Valid(body) && want.Event != nil && want.Event.Misread() != nil {
			continue // the strict form has the damaged characters replaced
		}
		if !reflect.DeepEqual(e.Event, want.Event) {
			t.Fatalf("the strict form %s decodes to %+v, the body to %+v", text, e.Event, want.Event)
		}
	}
}

func TestEveryPayloadHoldsTheDecodersProperties(t *testing.T) {
	for file, body := range payloads(t) {
		t.Run(file, func(t *testing.T) { checkBody(t, body) })
	}
}

func FuzzDecode(f *testing.F) {
	for _, body := range payloads(f) {
		f.Add(body)
	}
	for _, body := range hostile {
		f.Add([]byte(body))
	}
	f.Fuzz(checkBody)
}

// FuzzUnescape holds that a form's escapes are undone as browsers write them.
func FuzzUnescape(f *testing.F) {
	f.Add("a b+c&d=é")
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		var escaped strings.Builder
		for _, c := range []byte(s) {
			fmt.Fprintf(&escaped, "%%%02X", c)
		}
		if got := unescape(escaped.String()); got != s {
			t.Fatalf("%q comes back as %q", s, got)
		}
	})
}

// hostile are bodies that broke decoders before, or might.
var hostile = []string{
	"", " ", "\x00", "{", "}", "[", "]", "[]", "{}", "[[]]", "[,]", "{,}", "nul", "{a", "{a:", "{a:1", "{a:'", "{'a", `{a:"\`,
	"{a:1,,b:2}", "{a:1 b:2}", "{a:1/*\n*/b:2}", "/*", "//", "{/", "{a:1}/", "{a:1}x", "[{}]x", "{a:-}", "{a:1.}", "{a:1e}", "{a:0x1}",
	`{a:"\u12"}`, `{a:"\ud83d\ude00"}`, `{a:"\ud83d"}`, `{a:"\ud83d\u0041"}`, `{a:"\xZZ"}`, "{a:\"\\\n\"}", "{\"a\\u0062\":1}",
	"%", "%7B", "=", "&", "a=%zz", "event=", "event=hangup&uniqueid=1&uniqueid=2", "%7Bevent:'hangup',uniqueid:1%7D=", "event=hangup&&uniqueid=1\r\n",
	"{event:'hangup',uniqueid:'1',uniqueid:'2'}", "{event:{},x:[]}", "{event:true}", "{event:null}", "{event:1}",
	"\xff\xfe{}", "\xef\xbb\xbf", "{event:'\x81\x30\x81\x30'}", "{é:'ü'}", "\u3000{\u00a0}",
	"{event:'extensionstatus',exten:'1',status:99999}", "{event:'ivr',uuid:1,ivrId:1,startTime:'2018-02-30 00:00:00'}",
	"Event:!\n\nEvent:a", "Event:0\n0:\x00\n\n0:0", "Event:0\n0:\x01\n\n0:", "%7B\"\x820\x98A\\x\"", "{'\xb6\\\\'", "{a:'\\\xd7\\'}", "{event:'cc_cdr',uuid:1,startTime:'0000-00-00 00:00:00'}", "{event:'cc_cdr',uuid:1,startTime:'1970-01-01 00:00:00'}",
}

func TestPeopleAreToldTheBoundsThatHold(t *testing.T) {
	if got, want := MaxBodyText, fmt.Sprintf("%d MiB", MaxBody>>20); got != want || MaxBody%(1<<20) != 0 {
		t.Errorf("people read %s of %d bytes", got, MaxBody)
	}
	if got, want := strings.ReplaceAll(MaxEventsText, ",", ""), fmt.Sprintf("%d events", MaxEvents); got != want {
		t.Errorf("people read %s of %s", MaxEventsText, want)
	}
}
