package lake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

// rawTable reads the columns of raw from envelopes that have, between them, all members that an
// accepted envelope may have. A body is text, or is not.
func rawTable() (Table, error) {
	t := Table{Name: "raw", Location: archive.RawPrefix, Keys: []Column{{"kind", "string"}, {"dt", "string"}}, Kinds: pbx.Kinds()}
	e := archive.Envelope{MAC: "000000000000", KID: "k1", Received: time.Unix(0, 0).UTC(), Remote: "192.0.2.1", Event: &pbx.IVRStep{}, Rewritten: true}
	for _, body := range []string{"\xff", "{}"} {
		e.Body = []byte(body)
		text, err := archive.Lines([]archive.Envelope{e})
		if err != nil {
			return Table{}, err
		}
		if t.Columns, err = withMembers(t.Columns, text); err != nil {
			return Table{}, fmt.Errorf("read an envelope: %w", err)
		}
	}
	// A partition is no column.
	t.Columns = slices.DeleteFunc(t.Columns, func(c Column) bool { return c.Name == "kind" })
	return t, nil
}

// withMembers adds the members of an object that the columns lack, each behind the one that it
// follows there.
func withMembers(columns []Column, object []byte) ([]Column, error) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil { // {
		return nil, err
	}
	at := 0
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		column := Column{name.(string), jsonType(value)}
		if there := slices.Index(columns, column); there >= 0 {
			at = there + 1
			continue
		}
		columns = slices.Insert(columns, at, column)
		at++
	}
	return columns, nil
}

// jsonType returns the type of a member in Athena: an object stays the text that it is.
func jsonType(value any) string {
	switch value.(type) {
	case float64:
		return "bigint"
	case bool:
		return "boolean"
	}
	return "string"
}
