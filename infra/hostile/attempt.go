package hostile

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/ingest"
	"trunkline/pkg/pbx"
)

// Bad is a row of the table of bad inputs.
type Bad struct {
	Tried  string
	Status int       // 0: the connection is closed without an answer
	Says   string    // a part of the answer
	Kept   Kept      // by each attempt
	As     []Attempt // the ways to try it
}

// Row returns the row of the table in infra/docs/http.md.
func (b Bad) Row() string {
	status, says := "none", "-"
	if b.Status != 0 {
		status = strconv.Itoa(b.Status)
	}
	if b.Says != "" {
		says = "`" + b.Says + "`"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", b.Tried, status, says, b.Kept)
}

// Kept is what the server stores of an attempt.
type Kept string

// What the server may store of an attempt.
const (
	Nothing    Kept = "nothing"
	Quarantine Kept = "quarantine"
	Archive    Kept = "archive"
	Both       Kept = "record and archive"
)

// Attempt is one request, as it goes over the wire.
type Attempt struct {
	Name string
	Wire string // at first
	// More is sent again and again, after a pause each time, until there is an answer.
	More  string
	Pause time.Duration
	// HangsUp reports whether the client then closes its side, and waits.
	HangsUp bool
}

// In an attempt, these stand for the URL of the PBX that it is made with.
const (
	macMark   = "<mac>"
	tokenMark = "<token>"
	codeMark  = "<code>" // the end of the token, from its second dash
	tailMark  = "<tail>" // the MAC from its fourth digit
	ownPath   = "/v1/pbx/" + macMark + "/" + tokenMark
)

// Of returns the attempt with the URL of a PBX filled in.
func (a Attempt) Of(mac pbx.MAC, token string) Attempt {
	fill := strings.NewReplacer(macMark, string(mac), tokenMark, token,
		codeMark, token[strings.LastIndexByte(token, '-'):], tailMark, string(mac[3:]),
		strings.ToUpper(macMark), strings.ToUpper(string(mac)), strings.ToUpper(tokenMark), strings.ToUpper(token))
	a.Wire, a.More = fill.Replace(a.Wire), fill.Replace(a.More)
	return a
}

const (
	state   = "{event:'extensionstatus', exten:'808', statustext:'Idle'}"
	headers = " HTTP/1.1\r\nHost: pbx\r\n"
)

// post is a request with a body.
func post(path, body string, more ...string) string {
	return fmt.Sprintf("POST %s%sContent-Length: %d\r\n%s\r\n%s", path, headers, len(body), lines(more), body)
}

// chunked is a request whose body comes in chunks.
func chunked(path, chunks string, more ...string) string {
	return "POST " + path + headers + "Transfer-Encoding: chunked\r\n" + lines(more) + "\r\n" + chunks
}

func lines(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, "\r\n") + "\r\n"
}

// with is an event whose members are those of an extension's state and more.
func with(members string) string { return strings.TrimSuffix(state, "}") + ", " + members + "}" }

// wires are attempts that are named by what is sent.
func wires(texts ...string) []Attempt {
	var all []Attempt
	for _, w := range texts {
		all = append(all, Attempt{Name: begin(w), Wire: w})
	}
	return all
}

// bodies are attempts in whose bodies alone something is bad.
func bodies(texts ...string) []Attempt {
	var all []Attempt
	for _, b := range texts {
		all = append(all, Attempt{Name: begin(b), Wire: post(ownPath, b)})
	}
	return all
}

// coded is an attempt with a body in a content coding, or one that is said to be.
func coded(coding, body string) Attempt {
	return Attempt{Name: begin(coding + ": " + body), Wire: post(ownPath, body, "Content-Encoding: "+coding)}
}

// zipped, deflated and bare are a text as gzip, as deflate, and as deflate without its header.
func zipped(text string) string {
	return compress(text, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

func deflated(text string) string {
	return compress(text, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
}

func bare(text string) string {
	return compress(text, func(w io.Writer) io.WriteCloser {
		f, _ := flate.NewWriter(w, flate.DefaultCompression) // it fails for invalid levels only
		return f
	})
}

func compress(text string, to func(io.Writer) io.WriteCloser) string {
	var out strings.Builder
	w := to(&out)
	io.WriteString(w, text) // a Builder returns no error
	w.Close()
	return out.String()
}

// begin is how a text begins, for the name of a test.
func begin(text string) string { return fmt.Sprintf("%.80q", text) }

func title(o ingest.Outcome) string { return o.Answer().Title }
