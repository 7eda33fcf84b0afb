package store

import (
	"bytes"
	"strings"
	"testing"
)

// documents are some that are canonical, and some that are not or that are refused.
var documents = []string{
	`{}`, `{"a":1}`, `{"a":-12,"b":[],"c":{}}`, `{"a":[1,"x",true,false,null,{"b":2}]}`, `{"a":0}`,
	`{"a":"\"\\\b\f\n\r\t"}`, `{"a":"é💩` + "\x7f" + `"}`, `{"a":123456789012345}`,
	``, ` {}`, `{} `, `{}{}`, `null`, `[]`, `"a"`, `{"a":01}`, `{"a":-0}`, `{"a":-}`, `{"a":1.5}`, `{"a":1e3}`,
	`{"a":1234567890123456}`, `{"a": 1}`, `{"a":1,}`, `{,}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"b":1,"a":2}`, `{"a":1,"a":2}`,
	`{"":1}`, `{"a"}`, `{"a":}`, `{"a":1`, `{"a":"`, `{"a":"\`, `{"a":"\/"}`, `{"a":"\u0041"}`, `{"a":"\u2028"}`,
	"{\"a\":\"\u2028\"}", "{\"a\":\"\u2029\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\ufffd\"}", "{\"a\":\"\x01\"}", "{\"a\":\"\u001f\"}",
	`{"a\n":1,"a":2}`, `{"\"":1}`, `{"a":tru}`, `{"a":nullx}`, `{"a":+1}`, `{"<":"&>"}`,
	`{"a":` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + `}`,
	`{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`,
	`{"` + strings.Repeat("a", maxName) + `":1}`,
	`{"` + strings.Repeat("a", maxName+1) + `":1}`,
}

// What is taken for canonical without being rewritten is what rewriting it gives.
func FuzzWhatIsCanonicalIsNotRewritten(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		rewritten, err := rewrite(doc)
		same := err == nil && bytes.Equal(rewritten, doc)
		if fast := isCanonical(doc); fast && !same || same && !fast && !bytes.ContainsRune(doc, '\\') {
			t.Errorf("%q is canonical: %t, it is rewritten to %q, %v", doc, fast, rewritten, err)
		}
		if err == nil && !isCanonical(rewritten) && !bytes.ContainsRune(rewritten, '\\') {
			t.Errorf("%q is not canonical", rewritten)
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	doc := []byte(`{"agent":"801","at":"2026-11-24 11:10:00","kind":"cc_cdr","queue":"630","tags":["a","b"],"talking":30,"uuid":"1795489800.3"}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Canonical(doc); err != nil {
			b.Fatal(err)
		}
	}
}
