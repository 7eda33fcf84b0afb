package store_test

import (
	"strings"
	"testing"

	"trunkline/pkg/store"
)

func TestEqualDocumentsAreEqualBytes(t *testing.T) {
	for doc, want := range map[string]string{
		`{}`:                                  `{}`,
		" {\t\"a\" : 1 }\n":                   `{"a":1}`,
		`{"b":1,"a":2," ":3}`:                 `{" ":3,"a":2,"b":1}`,
		`{"é":1,"z":2,"Z":3}`:                 `{"Z":3,"z":2,"é":1}`,
		`{"a":1,"a":2}`:                       `{"a":2}`,
		`{"a":"\u0041\/\u003c>&"}`:            `{"a":"A/<>&"}`,
		`{"a":"\ud83d\ude00\u0000\u001F"}`:    `{"a":"😀\u0000\u001f"}`,
		`{"a":[ {"c":null,"b":[ ]} , true ]}`: `{"a":[{"b":[],"c":null},true]}`,
		`{"a":999999999999999}`:               `{"a":999999999999999}`,
		`{"a":-999999999999999,"b":0}`:        `{"a":-999999999999999,"b":0}`,
	} {
		got, err := store.Canonical([]byte(doc))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", doc, got, err, want)
		}
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	for _, doc := range []string{
		``, `null`, `[]`, `1`, `"a"`, `{`, `{"a":}`, `{} {}`, `{}x`, `{"a":01}`, `{"":1}`, `{"a":[{"":1}]}`,
		`{"a":1.5}`, `{"a":1e3}`, `{"a":1E3}`, `{"a":-0}`, `{"a":1000000000000000}`,
		`{"a":[{"b":-1000000000000000}]}`, `{"a":{"b":[0.1]}}`,
	} {
		if got, err := store.Canonical([]byte(doc)); err == nil {
			t.Errorf("%s: got %s, want an error", doc, got)
		}
	}
}

func TestItemsAreBounded(t *testing.T) {
	good := store.Item{Key: store.Key{PK: "p", SK: "s"}, Version: "v", Doc: []byte(`{}`)}
	document := func(size int) []byte { return []byte(`{"a":"` + strings.Repeat("x", size-len(`{"a":""}`)) + `"}`) }
	for _, c := range []struct {
		name string
		set  func(*store.Item)
		ok   bool
	}{
		{"a small item", func(*store.Item) {}, true},
		{"no partition", func(i *store.Item) { i.PK = "" }, false},
		{"the longest partition", func(i *store.Item) { i.PK = strings.Repeat("é", 128) }, true},
		{"a partition too long", func(i *store.Item) { i.PK = strings.Repeat("p", 257) }, false},
		{"a partition not UTF-8", func(i *store.Item) { i.PK = "\xff" }, false},
		{"no sort key", func(i *store.Item) { i.SK = "" }, false},
		{"the longest sort key", func(i *store.Item) { i.SK = strings.Repeat("😀", 256) }, true},
		{"a sort key too long", func(i *store.Item) { i.SK = strings.Repeat("s", 1025) }, false},
		{"a sort key not UTF-8", func(i *store.Item) { i.SK = "a\xc3" }, false},
		{"a sort key of control characters", func(i *store.Item) { i.SK = "\x00\x7f" }, true},
		{"no version", func(i *store.Item) { i.Version = "" }, false},
		{"the longest version", func(i *store.Item) { i.Version = strings.Repeat("v", 256) }, true},
		{"a version too long", func(i *store.Item) { i.Version = strings.Repeat("v", 257) }, false},
		{"a version not UTF-8", func(i *store.Item) { i.Version = "\xff" }, false},
		{"no document", func(i *store.Item) { i.Doc = nil }, false},
		{"the largest document", func(i *store.Item) { i.Doc = document(store.MaxDoc) }, true},
		{"a document one byte too large", func(i *store.Item) { i.Doc = document(store.MaxDoc + 1) }, false},
		{"a document with blanks", func(i *store.Item) { i.Doc = []byte(`{ }`) }, false},
		{"a document with unsorted members", func(i *store.Item) { i.Doc = []byte(`{"b":1,"a":2}`) }, false},
		{"a document not UTF-8", func(i *store.Item) { i.Doc = []byte("{\"a\":\"\xff\"}") }, false},
	} {
		item := good
		c.set(&item)
		if err := item.Check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
