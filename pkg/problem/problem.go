// Package problem writes answers that tell programs and people what went wrong, in the form of
// RFC 9457 (Problem Details for HTTP APIs).
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// ContentType is the media type of a Problem.
const ContentType = "application/problem+json"

// Problem is the body of an answer that reports a failure. Its type is always about:blank, which
// RFC 9457 allows to leave out.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Place
	Events []Event `json:"events,omitempty"` // the events of an array, in its order
}

// Place is the place of a fault in a body.
type Place struct {
	Line   int    `json:"line,omitempty"`   // from 1
	Column int    `json:"column,omitempty"` // from 1, in characters
	Member string `json:"member,omitempty"`
}

// Event is the result of one event of an array.
type Event struct {
	Index  int    `json:"index"` // from 0
	Status int    `json:"status"`
	Title  string `json:"title,omitempty"`
	Detail string `json:"detail,omitempty"`
	Place
}

// Write answers a request with the problem.
func Write(w http.ResponseWriter, p Problem) { Answer(w, p.Status, ContentType, p) }

// Answer answers with a status, and with body as one line of JSON. It sets Content-Length, so the
// answer may be flushed before the handler returns.
func Answer(w http.ResponseWriter, status int, contentType string, body any) {
	text, _ := json.Marshal(body) // no type of answer fails to encode
	text = append(text, '\n')
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	w.Write(text) // an error means that the client has gone
}
