package archive

import (
	"bytes"
	"encoding/base64"
	"reflect"
	"strconv"

	"trunkline/pkg/eventjson"
)

// append appends a line as encoding/json writes it, in one pass. It reports false if it can't.
func (l line) append(doc []byte) (_ []byte, ok bool) {
	doc = eventjson.AppendText(append(doc, `{"id":`...), l.ID)
	doc = eventjson.AppendText(append(doc, `,"mac":`...), string(l.MAC))
	doc = appendUnlessEmpty(doc, `,"kid":`, l.KID)
	if doc, ok = eventjson.AppendTime(append(doc, `,"received":`...), l.Received); !ok {
		return nil, false
	}
	doc = appendUnlessEmpty(doc, `,"remote":`, l.Remote)
	doc = strconv.AppendInt(append(doc, `,"index":`...), int64(l.Index), 10)
	doc = appendUnlessEmpty(doc, `,"kind":`, string(l.Kind))
	doc = appendUnlessEmpty(doc, `,"reason":`, l.Reason)
	if l.Decoder != 0 {
		doc = strconv.AppendInt(append(doc, `,"decoder":`...), int64(l.Decoder), 10)
	}
	if l.Event != nil {
		event := reflect.ValueOf(l.Event).Elem()
		if doc, ok = eventjson.Declared(event.Type()).Append(append(doc, `,"event":`...), event); !ok {
			return nil, false
		}
	}
	if l.Body != nil {
		doc = eventjson.AppendText(append(doc, `,"body":`...), *l.Body)
	}
	if len(l.BodyBase64) > 0 {
		doc = append(base64.StdEncoding.AppendEncode(append(doc, `,"body_base64":"`...), l.BodyBase64), '"')
	}
	if l.Rewritten {
		doc = append(doc, `,"rewritten":true`...)
	}
	return append(doc, "}\n"...), !bytes.Contains(doc, []byte("\ufffd")) // which stands for invalid bytes, too
}

func appendUnlessEmpty(doc []byte, name, text string) []byte {
	if text == "" {
		return doc
	}
	return eventjson.AppendText(append(doc, name...), text)
}

// quickLine reads a line as encoding/json reads it, in one pass. It reports false if the line is not as
// append writes it. Then encoding/json may still be able to read it. The event is not read.
func quickLine(text []byte) (l line, ok bool) {
	rest, ok := bytes.CutPrefix(text, []byte("{"))
	for ok {
		name, value, named := eventjson.AfterName(rest)
		if !named {
			return line{}, false
		}
		if rest, ok = l.read(string(name), value); !ok || !bytes.HasPrefix(rest, []byte(",")) {
			break
		}
		rest = rest[1:]
	}
	rest, ok = eventjson.AfterLiteral(rest, "}", ok)
	return l, ok && len(bytes.Trim(rest, " \t\r\n")) == 0
}

// read reads a member of a line.
func (l *line) read(name string, value []byte) (rest []byte, ok bool) {
	switch name {
	case "id":
		l.ID, rest, ok = eventjson.ReadText(value)
	case "mac":
		return readAs(value, &l.MAC)
	case "kid":
		l.KID, rest, ok = eventjson.ReadText(value)
	case "received":
		return eventjson.ReadWith(value, l.Received.UnmarshalText)
	case "remote":
		l.Remote, rest, ok = eventjson.ReadText(value)
	case "index":
		var n int64
		n, rest, ok = eventjson.ReadNumber(value)
		l.Index = int(n)
	case "kind":
		return readAs(value, &l.Kind)
	case "event":
		return eventjson.AfterObject(value, maxLevels, anyName)
	case "body":
		l.Body = new(string)
		*l.Body, rest, ok = eventjson.ReadText(value)
	}
	return rest, ok
}

// maxLevels is how many objects and arrays an event may have in each other.
const maxLevels = 8

func anyName(_, _ []byte) bool { return true }

func readAs[T ~string](value []byte, into *T) (rest []byte, ok bool) {
	text, rest, ok := eventjson.ReadText(value)
	*into = T(text)
	return rest, ok
}
