// Package eventjson writes and reads the JSON of events in one pass. The bytes are those of encoding/json
// without its escapes for HTML, or the same with the members in the order of their names.
//
// It reads only what it may have written itself, and does not write every value. Where it reports false,
// the caller uses encoding/json, which defines the result. So it decides only how long that takes.
//
// One difference remains: invalid UTF-8 in a text becomes U+FFFD itself, and not an escape of it.
package eventjson
