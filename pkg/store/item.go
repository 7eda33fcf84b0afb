package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Check reports why no Table may take an item. Its key, version or document is outside the bounds of
// Key and Item, or its document is not canonical.
func (i Item) Check() error {
	if err := i.Key.Check(); err != nil {
		return err
	}
	if i.Version == "" || len(i.Version) > 256 || !utf8.ValidString(i.Version) {
		return fmt.Errorf("item %q: a version is 1 to 256 bytes of UTF-8", i.SK)
	}
	if !i.Expires.IsZero() && i.Expires.Unix() <= 0 {
		return fmt.Errorf("item %q: it expires before 1970", i.SK)
	}
	if len(i.Doc) > MaxDoc {
		return fmt.Errorf("item %q: a document of %d bytes is over the limit of %d", i.SK, len(i.Doc), MaxDoc)
	}
	if isCanonical(i.Doc) {
		return nil
	}
	canonical, err := rewrite(i.Doc)
	if err != nil {
		return fmt.Errorf("item %q: %w", i.SK, err)
	}
	if !bytes.Equal(canonical, i.Doc) {
		return fmt.Errorf("item %q: the document is not in canonical form", i.SK)
	}
	return nil
}

// Check reports why no Table may take a key.
func (k Key) Check() error {
	switch {
	case len(k.PK) < 1 || len(k.PK) > 256 || !utf8.ValidString(k.PK):
		return fmt.Errorf("partition %.40q: a partition key is 1 to 256 bytes of UTF-8", k.PK)
	case len(k.SK) < 1 || len(k.SK) > 1024 || !utf8.ValidString(k.SK):
		return fmt.Errorf("key %.40q: a sort key is 1 to 1,024 bytes of UTF-8", k.SK)
	}
	return nil
}

// CheckKeys reports why no Table may get these keys at once.
func CheckKeys(keys []Key) error {
	if len(keys) < 1 || len(keys) > MaxGetMany {
		return fmt.Errorf("%d keys are wanted at once: at least 1 and at most %d are read", len(keys), MaxGetMany)
	}
	seen := make(map[Key]bool, len(keys))
	for _, k := range keys {
		if err := k.Check(); err != nil {
			return err
		}
		if seen[k] {
			return fmt.Errorf("key %.40q is wanted twice at once", k.SK)
		}
		seen[k] = true
	}
	return nil
}

// Canonical rewrites a JSON object so that equal documents are equal bytes, from whichever Table.
// Members are in the byte order of their names. There are no blanks, and only the escapes that JSON
// requires.
//
// Canonical refuses what some Table could not keep. A number must be whole and have at most 15 digits.
// The name of a member must have at least one byte, and less than 64 KB. At most 31 objects and arrays
// may be nested.
func Canonical(doc []byte) ([]byte, error) {
	if isCanonical(doc) {
		return bytes.Clone(doc), nil
	}
	return rewrite(doc)
}

func rewrite(doc []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	if object == nil {
		return nil, errors.New("document: null is not an object")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("document: there is more after the object")
	}
	if err := checkKeepable(object, maxDepth); err != nil {
		return nil, err
	}
	return marshal(object)
}

// marshal is json.Marshal without the escapes meant for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// The bounds of DynamoDB, whose 32 levels include the item itself.
const (
	maxDepth = 31
	maxName  = 1<<16 - 1 // bytes
)

// checkKeepable checks a value, which may have this many nested levels.
func checkKeepable(v any, levels int) error {
	switch v := v.(type) {
	case json.Number:
		digits := strings.TrimPrefix(string(v), "-")
		if len(digits) > 15 || strings.ContainsAny(digits, ".eE") || v == "-0" {
			return fmt.Errorf("document: the number %s is not whole or has more than 15 digits", v)
		}
	case map[string]any:
		if levels == 0 {
			return errTooDeep
		}
		for name, member := range v {
			if name == "" || len(name) > maxName {
				return errors.New("document: a member has no name, or one of 64 KB")
			}
			if err := checkKeepable(member, levels-1); err != nil {
				return err
			}
		}
	case []any:
		if levels == 0 {
			return errTooDeep
		}
		for _, element := range v {
			if err := checkKeepable(element, levels-1); err != nil {
				return err
			}
		}
	}
	return nil
}

var errTooDeep = fmt.Errorf("document: more than %d objects and arrays are nested", maxDepth)
