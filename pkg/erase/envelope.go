package erase

import (
	"bytes"
	"encoding/json"
	"errors"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/zycoo"
)

var (
	errStays = errors.New("the number is there in a form that is not understood")
	// notRead is why an envelope goes to quarantine whose event can't be made anew.
	notRead = "a number was erased, and what is left is no event to this version"
)

// envelope writes an archived line without the number, where it has it.
func (n *Numbers) envelope(line []byte) (masked archive.Envelope, had bool, err error) {
	r, err := archive.ParseReceipt(line)
	if err != nil {
		if n.In(string(line)) {
			return masked, true, err
		}
		return masked, false, nil
	}
	body, reason := n.Mask(string(r.Body)), n.Mask(r.Reason)
	if body == string(r.Body) && reason == r.Reason {
		if n.In(string(line)) {
			return masked, true, errStays
		}
		return masked, false, nil
	}
	masked = r.Envelope(nil)
	masked.Reason = reason
	if body != string(r.Body) { // else the reason alone had it
		masked.Body = []byte(body)
	}
	if r.Kind != "" {
		masked.Event, err = n.event(event(r.Body), event(masked.Body))
		if masked.Event == nil && err == nil && reason == "" {
			masked.Reason, masked.Decoder = notRead, zycoo.Version
		}
	}
	if err == nil {
		err = n.gone(masked)
	}
	return masked, true, err
}

// event is the one that a body has; nil where it is none.
func event(body []byte) pbx.Event {
	b, err := zycoo.Decode(body)
	if err != nil || len(b.Elements) != 1 || b.Elements[0].Err != nil {
		return nil
	}
	return b.Elements[0].Event
}

// event returns the event of a masked body, after it has made sure that it says what the
// original said, but for the number. It is nil where the original is not read any more.
func (n *Numbers) event(original, masked pbx.Event) (pbx.Event, error) {
	if original == nil {
		return nil, nil
	}
	was, err := json.Marshal(original)
	if err == nil {
		was, err = store.MaskTexts(was, n.Mask)
	}
	if err != nil || masked == nil || original.Kind() != masked.Kind() {
		return nil, errors.Join(errStays, err)
	}
	is, err := json.Marshal(masked)
	if err == nil {
		is, err = store.Canonical(is)
	}
	if err != nil || !bytes.Equal(was, is) {
		return nil, errors.Join(errStays, err)
	}
	return masked, nil
}

// gone makes sure that the number is gone.
func (n *Numbers) gone(e archive.Envelope) error {
	line, err := archive.Lines([]archive.Envelope{e})
	if err == nil && n.In(string(line)) {
		err = errStays
	}
	return err
}
