package archive

import (
	"bytes"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/zycoo"
	"trunkline/testdata"
)

// linesOf returns lines of all events of a body, accepted and refused.
func linesOf(body []byte, millis int64, reason string) (lines []line) {
	decoded, err := zycoo.Decode(body)
	if err != nil {
		return nil
	}
	for i, element := range decoded.Elements {
		l := line{ID: "a-" + reason, MAC: "68692e0b0001", Received: time.UnixMilli(millis).UTC(), Index: i, Event: element.Event, Reason: reason}
		if i%2 == 0 {
			l.KID, l.Remote, l.Decoder, l.BodyBase64 = "k<", "::1", i, body
		} else {
			l.Body, l.Rewritten = &element.Text, true
		}
		if l.Event != nil {
			l.Kind = l.Event.Kind()
		}
		lines = append(lines, l)
	}
	return lines
}

func bodies(t testing.TB) (all [][]byte) {
	t.Helper()
	err := fs.WalkDir(testdata.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".txt") {
			return err
		}
		body, err := testdata.FS.ReadFile(name)
		all = append(all, body)
		return err
	})
	if err != nil || len(all) < 20 {
		t.Fatalf("%d bodies, %v", len(all), err)
	}
	return all
}

func FuzzALineIsTheSameBytesAsByJSON(f *testing.F) {
	for _, body := range bodies(f) {
		f.Add(body, int64(1541415940123), "")
	}
	f.Add([]byte("[{event:'hangup',uniqueid:'1<&>',calleridname:'\xff\u2028\\u2029\\x00\\\\\"',x:{y:[1e3,{}]},x:2},{},{event:'x'}]"), int64(-1), "<\x01>")
	f.Add([]byte("[{event:'hangup',uniqueid:'\ufffd'},{event:'hangup',uniqueid:'\ufffd'}]"), int64(1)<<50, "a\xffb")
	f.Fuzz(func(t *testing.T, body []byte, millis int64, reason string) {
		for _, l := range linesOf(body, millis, reason) {
			want, err := l.marshal()
			got, ok := l.append(nil)
			if ok && (err != nil || !bytes.Equal(got, want)) {
				t.Errorf("got  %s\nwant %s, %v", got, want, err)
			}
			if err == nil {
				checkQuick(t, want)
			}
		}
	})
}

// checkQuick checks that what is read in one pass is what encoding/json reads. It reports whether the
// text is read in one pass.
func checkQuick(t *testing.T, text []byte) bool {
	t.Helper()
	got, ok := quickLine(text)
	if !ok {
		return false
	}
	want, err := unmarshalLine(text)
	if err != nil || !got.Received.Equal(want.Received) {
		t.Fatalf("%s: %s, want %s, %v", text, got.Received, want.Received, err)
	}
	got.Received = want.Received
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %+v\nwant %+v", text, got, want)
	}
	return true
}

func FuzzALineIsReadAsByJSON(f *testing.F) {
	for _, text := range []string{
		`{}`, `{`, `}`, `{"id":"a"}`, `{"id":"a"}x`, `{"id":"a"} `, `{"id":"a","id":"b"}`, `{"id":null}`, `{"ID":"a"}`, `{"id":"\u0041"}`, `{"id":"\"\\\b\f\n\r\t"}`,
		`{"event":{}}`, `{"event":null}`, `{"event":{"a":[1,{"b":"c"}],"b":true}}`, `{"event":{"a":}}`, `{"event":{"a":1,"a":2}}`, `{"event":[]}`, `{"event":{"a":01}}`,
		`{"received":"2018-11-05T11:05:40.123Z"}`, `{"received":"2018-11-05T11:05:40+08:00"}`, `{"received":"x"}`, `{"index":-1}`, `{"index":1.5}`, `{"body":"a","kind":"b"}`,
		`{"new":1}`, `{"index":1,}`, `{"rewritten":true}`, `{"body_base64":"YQ=="}`, "{\"id\":\"a\xff\"}", "{\"id\":\"a\x01\"}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkQuick(t, text) })
}

func TestLinesAreWrittenAndReadInOnePass(t *testing.T) {
	for _, body := range bodies(t) {
		for _, l := range linesOf(body, 1541415940123, "") {
			if l.Event == nil || !bytes.Equal(bytes.ToValidUTF8(body, nil), body) || bytes.Contains(body, []byte("\ufffd")) {
				continue // encoding/json writes it
			}
			if _, ok := l.append(nil); !ok {
				t.Errorf("not written in one pass: %s", body)
			}
			l.BodyBase64, l.Decoder, l.Rewritten = nil, 0, false
			if text, ok := l.append(nil); ok && !checkQuick(t, text) {
				t.Errorf("not read in one pass: %s", text)
			}
		}
	}
}
