package store

import (
	"bytes"
	"slices"

	"trunkline/pkg/eventjson"
)

// isCanonical reports whether Canonical would return the document as it is. It may report false
// of one that Canonical returns as it is: a name with an escape is left to Canonical.
func isCanonical(doc []byte) bool {
	rest, ok := eventjson.AfterObject(doc, maxDepth, isNameAfter)
	return ok && len(rest) == 0
}

// isNameAfter reports whether a member's name is a good one, and stands behind the one before it.
func isNameAfter(previous, name []byte) bool {
	return len(name) <= maxName && bytes.Compare(previous, name) < 0 && !slices.Contains(name, '\\')
}
