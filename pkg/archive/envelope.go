package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"trunkline/pkg/pbx"
)

// Envelope is one event as it was received, accepted or refused.
type Envelope struct {
	MAC      pbx.MAC   // of the URL
	KID      string    // the id of the key that signed the URL; empty if it is not known
	Received time.Time // by the receiver's clock, kept to the millisecond
	Remote   string    // the sender's address
	Index    int       // the event's place in its array, from 0
	Event    pbx.Event // the decoded event; nil if it was refused as unreadable
	Reason   string    // why it was refused; empty if it was accepted
	Decoder  int       // the version of the decoder that refused it; 0 if it was accepted
	// Body is the body as received, after its content coding was decoded; for an event of an
	// array, the text of that event. If the coding could not be decoded, Body is still encoded.
	Body []byte
	// Rewritten means that Body is not what was received: something was erased from it, and its
	// event was written again.
	Rewritten bool

	kept kept // zero unless the envelope was read
}

// kept is the line that an envelope was read from, and that it is written as again.
type kept struct {
	line []byte
	id   string
	kind pbx.Kind
}

// line is an envelope as JSON.
type line struct {
	ID         string    `json:"id"`
	MAC        pbx.MAC   `json:"mac"`
	KID        string    `json:"kid,omitempty"`
	Received   time.Time `json:"received"`
	Remote     string    `json:"remote,omitempty"`
	Index      int       `json:"index"`
	Kind       pbx.Kind  `json:"kind,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	Decoder    int       `json:"decoder,omitempty"`
	Event      pbx.Event `json:"event,omitempty"`
	Body       *string   `json:"body,omitempty"`        // if it is UTF-8
	BodyBase64 []byte    `json:"body_base64,omitempty"` // if it is not UTF-8
	Rewritten  bool      `json:"rewritten,omitempty"`   // the body is its event, written again
}

// Keep stores an envelope in a bucket. When it returns nil, the envelope is durable.
func Keep(ctx context.Context, b Bucket, e Envelope) error {
	body, err := e.marshal()
	if err != nil {
		return fmt.Errorf("archive %s: %w", e.ID(), err)
	}
	if err := b.Put(ctx, e.Name(), body); err != nil {
		return fmt.Errorf("archive %s: %w", e.ID(), err)
	}
	return nil
}

// Spill stores envelopes whose records could not be written, to be recorded later. When it returns
// nil, they are durable. There is at least one envelope, and all are of one delivery.
func Spill(ctx context.Context, b Bucket, envelopes []Envelope) error {
	lines, err := Lines(envelopes)
	if err != nil {
		return fmt.Errorf("spill %s: %w", envelopes[0].ID(), err)
	}
	if err := b.Put(ctx, spillName(envelopes[0]), lines); err != nil {
		return fmt.Errorf("spill %s: %w", envelopes[0].ID(), err)
	}
	return nil
}

// Lines returns envelopes as the archive stores them, each on a line.
func Lines(envelopes []Envelope) ([]byte, error) {
	var lines []byte
	for _, e := range envelopes {
		line, err := e.marshal()
		if err != nil {
			return nil, err
		}
		lines = append(lines, line...)
	}
	return lines, nil
}

// spillName names an object in spill/. Names begin with a hexadecimal digit of a hash, so that they
// can be listed apart by it. Within a digit they sort in the order of receipt.
func spillName(e Envelope) string {
	id := e.ID()
	h := sha256.Sum256([]byte(id))
	return fmt.Sprintf("%s%x/%013d-%s.json", SpillPrefix, h[0]>>4, e.Received.UnixMilli(), id)
}

// ID returns the ID of the receipt. The same body, received from the same PBX in the same
// millisecond and at the same place of an array, has the same ID.
func (e Envelope) ID() string {
	if e.kept.line != nil {
		return e.kept.id
	}
	h := sha256.New()
	h.Write(strconv.AppendInt(nil, int64(e.Index), 10))
	h.Write([]byte{'\n'})
	h.Write(e.Body)
	return fmt.Sprintf("%s-%013d-%s", e.MAC, e.Received.UnixMilli(), hex.EncodeToString(h.Sum(nil)[:16]))
}

// Kind returns the kind of the envelope's event; empty if it was refused as unreadable.
func (e Envelope) Kind() pbx.Kind {
	switch {
	case e.kept.line != nil:
		return e.kept.kind
	case e.Event != nil:
		return e.Event.Kind()
	}
	return ""
}

// Name returns the name of the envelope's object.
func (e Envelope) Name() string { return nameOf(e.ID(), e.Kind(), e.Received, e.Reason) }

func nameOf(id string, kind pbx.Kind, received time.Time, reason string) string {
	if reason != "" {
		return QuarantinePrefix + "dt=" + pbx.UTCDay(received).String() + "/" + id + ".json"
	}
	return RawFolder(kind, pbx.UTCDay(received)) + id + ".json"
}

// RawFolder returns the prefix of the names of all events of one kind that were received on one
// UTC day.
func RawFolder(kind pbx.Kind, day pbx.Day) string {
	return RawKind(kind) + "dt=" + day.String() + "/"
}

// RawKind returns the prefix of the names of all events of one kind.
func RawKind(kind pbx.Kind) string { return RawPrefix + "kind=" + string(kind) + "/" }

func (e Envelope) marshal() ([]byte, error) {
	if e.kept.line != nil {
		return e.kept.line, nil
	}
	l := line{
		ID: e.ID(), MAC: e.MAC, KID: e.KID, Received: e.Received.UTC().Truncate(time.Millisecond),
		Remote: e.Remote, Index: e.Index, Reason: e.Reason, Decoder: e.Decoder, Event: e.Event, Rewritten: e.Rewritten,
	}
	l.Kind = e.Kind()
	if utf8.Valid(e.Body) {
		text := string(e.Body)
		l.Body = &text
	} else {
		l.BodyBase64 = e.Body
	}
	if text, ok := l.append(make([]byte, 0, 2*len(e.Body)+usualLine)); ok {
		return text, nil
	}
	return l.marshal()
}

// usualLine is a size in bytes that most lines do not reach, apart from their bodies.
const usualLine = 1024

func (l line) marshal() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(l); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Receipt is an archived envelope without its decoded event: callers decode Body again.
type Receipt struct {
	ID       string
	MAC      pbx.MAC
	KID      string
	Received time.Time
	Remote   string
	Index    int
	Kind     pbx.Kind
	Reason   string
	Decoder  int // the version that refused it; 1 if a refused envelope has no version
	Body     []byte
	// Rewritten means that something was erased from Body, and its event was written again.
	Rewritten bool
}

// Name returns the name of the object that has the receipt.
func (r Receipt) Name() string { return nameOf(r.ID, r.Kind, r.Received, r.Reason) }

// Envelope returns the receipt's envelope with the event that Body is decoded to now.
func (r Receipt) Envelope(event pbx.Event) Envelope {
	return Envelope{
		MAC: r.MAC, KID: r.KID, Received: r.Received, Remote: r.Remote, Index: r.Index, Event: event, Reason: r.Reason, Decoder: r.Decoder, Body: r.Body,
		Rewritten: r.Rewritten,
	}
}

// As returns the receipt's envelope, to be written as the line that the receipt was read from: with
// the event as it was decoded then.
func (r Receipt) As(line []byte) Envelope {
	e := r.Envelope(nil)
	if !bytes.HasSuffix(line, []byte("\n")) {
		line = append(bytes.Clone(line), '\n')
	}
	e.kept = kept{line, r.ID, r.Kind}
	return e
}

// Refused returns the receipt as refused for a reason by a version of the decoder. With an empty
// reason and version 0 it is an accepted one.
func (r Receipt) Refused(reason string, decoder int) Receipt {
	r.Reason, r.Decoder = reason, decoder
	return r
}

// ParseReceipt reads a line of the archive.
func ParseReceipt(object []byte) (Receipt, error) {
	l, ok := quickLine(object)
	if !ok {
		var err error
		if l, err = unmarshalLine(object); err != nil {
			return Receipt{}, fmt.Errorf("read an envelope: %w", err)
		}
	}
	if mac, err := pbx.ParseMAC(string(l.MAC)); err != nil || mac != l.MAC {
		return Receipt{}, fmt.Errorf("read an envelope: %.40q is not the MAC of a PBX", l.MAC)
	}
	r := Receipt{
		ID: l.ID, MAC: l.MAC, KID: l.KID, Received: l.Received, Remote: l.Remote, Index: l.Index, Kind: l.Kind, Reason: l.Reason,
		Decoder: l.Decoder, Body: l.BodyBase64, Rewritten: l.Rewritten,
	}
	if r.Reason != "" {
		r.Decoder = max(1, r.Decoder)
	}
	if l.Body != nil {
		r.Body = []byte(*l.Body)
	}
	return r, nil
}

// unmarshalLine reads a line without its event.
func unmarshalLine(object []byte) (line, error) {
	var l struct {
		line
		Event json.RawMessage `json:"event"`
	}
	err := json.Unmarshal(object, &l)
	return l.line, err
}
