package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"trunkline/pkg/eventjson"
	"trunkline/pkg/pbx"
)

// fact is the content of an event, ready to be stored.
type fact struct {
	hash     string // of the content, not of the receipt
	received string // in milliseconds, with leading zeros
	version  string
	doc      []byte
}

// factDoc is the document of a fact. Its members are in the order of their names.
type factDoc[E any] struct {
	Event    E         `json:"event"`
	Index    int       `json:"index"`
	Received time.Time `json:"received"`
}

func newFact(o Origin, e pbx.Event) (fact, error) {
	at := o.At.UTC().Truncate(time.Millisecond)
	doc, content, err := factText(e, o.Index, at)
	if err != nil {
		return fact{}, err
	}
	f := fact{hash: hash(content), received: millis(at), doc: doc}
	f.version = fmt.Sprintf("%s.%03d.%s", f.received, o.Index, f.hash)
	return f, nil
}

// usualFact is a size in bytes that most documents of facts do not reach.
const usualFact = 1024

// The parts of a fact's document, in their order.
const (
	beforeEvent    = `{"event":`
	beforeIndex    = `,"index":`
	beforeReceived = `,"received":`
)

// factText returns the canonical document of a fact, and the event's part of it.
func factText(e pbx.Event, index int, at time.Time) (doc, content []byte, err error) {
	if doc, content, ok := appendFact(e, index, at); ok {
		return doc, content, nil
	}
	if content, err = canonicalOf(e); err != nil {
		return nil, nil, err
	}
	doc, err = marshal(factDoc[json.RawMessage]{content, index, at})
	return doc, content, err
}

func appendFact(e pbx.Event, index int, at time.Time) (doc, content []byte, ok bool) {
	event := reflect.ValueOf(e).Elem()
	doc = append(make([]byte, 0, usualFact), beforeEvent...)
	if doc, ok = eventjson.Sorted(event.Type()).Append(doc, event); !ok {
		return nil, nil, false
	}
	content = doc[len(beforeEvent):]
	doc = strconv.AppendInt(append(doc, beforeIndex...), int64(index), 10)
	if doc, ok = eventjson.AppendTime(append(doc, beforeReceived...), at); !ok {
		return nil, nil, false
	}
	return append(doc, '}'), content, true
}

// factOf reads the document of a fact. Its error is an ErrNotUnderstood.
func factOf[E any](i Item) (factDoc[E], error) {
	var doc factDoc[E]
	if readFact(i.Doc, reflect.ValueOf(&doc.Event).Elem(), &doc.Index, &doc.Received) {
		return doc, nil
	}
	doc = factDoc[E]{}
	return doc, unmarshal(i, &doc)
}

// readFact reads the document of a fact. It reports false if the document is not as appendFact writes
// it. Then encoding/json may still be able to read it.
func readFact(doc []byte, event reflect.Value, index *int, received *time.Time) bool {
	if event.Kind() == reflect.Pointer {
		event.Set(reflect.New(event.Type().Elem()))
		event = event.Elem()
	}
	rest, ok := bytes.CutPrefix(doc, []byte(beforeEvent))
	if ok {
		rest, ok = eventjson.Sorted(event.Type()).Read(rest, event)
	}
	if rest, ok = eventjson.AfterLiteral(rest, beforeIndex, ok); ok {
		var n int64
		n, rest, ok = eventjson.ReadNumber(rest)
		*index = int(n)
	}
	if rest, ok = eventjson.AfterLiteral(rest, beforeReceived, ok); ok {
		rest, ok = eventjson.ReadWith(rest, received.UnmarshalText)
	}
	return ok && string(rest) == "}"
}
