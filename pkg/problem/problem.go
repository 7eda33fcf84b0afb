// Package problem writes answers that tell what went wrong, to programs and to people,
// as RFC 9457 (Problem Details for HTTP APIs) has it.
package problem

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// ContentType is the media type of a Problem.
const ContentType = "application/problem+json"

// Problem is the body of an answer that is no success. Its type is always about:blank,
// which RFC 9457 lets out.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Place
	Events []Event `json:"events,omitempty"` // of an array, in its order
}

// Place is where in a body a fault is.
type Place struct {
	Line   int    `json:"line,omitempty"`   // from 1
	Column int    `json:"column,omitempty"` // from 1, in characters
	Member string `json:"member,omitempty"`
}

// Event is what became of one event of an array.
type Event struct {
	Index  int    `json:"index"` // from 0
	Status int    `json:"status"`
	Title  string `json:"title,omitempty"`
	Detail string `json:"detail,omitempty"`
	Place
}

// Write answers with the problem.
func Write(w http.ResponseWriter, p Problem) { Answer(w, p.Status, ContentType, p) }

// Answer answers with a status and a body that is JSON, a line of it. It is a whole answer:
// the length is told, so it may be flushed before the handler returns.
func Answer(w http.ResponseWriter, status int, contentType string, body any) {
	text, _ := json.Marshal(body) // what answers are made of can be written
	text = append(text, '\n')
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	w.Write(text) // whoever does not hear it has gone
}
