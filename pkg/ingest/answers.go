package ingest

import (
	"net/http"

	"trunkline/pkg/zycoo"
)

// Outcome is the result of a delivery, or of one event in it.
type Outcome int

// The outcomes, in the order of the table of answers.
const (
	Stored   Outcome = iota
	Admitted         // returned by Admit; answered to GET and HEAD
	Unrecognised
	Undecodable
	Partial
	Mismatch
	UnknownCoding
	Unauthorised
	Disabled
	TooLarge
	Interrupted
	NotFound
	NotAllowed
	Busy
	Unavailable

	// Outcomes is how many outcomes there are.
	Outcomes
)

// Answer is what the endpoint answers for an outcome.
type Answer struct {
	Name   string // in logs and metrics
	Status int
	Case   string // when this answer is given
	Kept   string // what is stored then
	Title  string // for people
	Detail string // what to do
}

// Answer returns the outcome's row in the table of answers.
func (o Outcome) Answer() Answer { return answers[o] }

// String returns the outcome's name in logs and metrics.
func (o Outcome) String() string { return answers[o].Name }

// worse returns the outcome of a delivery after one more of its events. An event that could not
// be stored makes the answer to an array 503. An event that was refused makes it 400.
func worse(whole, event Outcome, array bool) Outcome {
	switch {
	case !array:
		return event
	case event == Unavailable || whole == Unavailable:
		return Unavailable
	case event == Stored || event == Unrecognised:
		return whole
	}
	return Partial
}

var answers = [Outcomes]Answer{
	Stored: {"stored", http.StatusOK,
		"recorded and archived; a member that can't be read is unknown. If one store is down, the other keeps it until the hourly run hands it on", "record and archive", "", ""},
	Admitted: {"opens", http.StatusOK,
		"GET or HEAD: the URL works", "nothing",
		"This URL works", "Events of this PBX are taken here. It sends them by POST."},
	Unrecognised: {"unrecognised", http.StatusAccepted,
		"an event of a kind that is not known", "archive", "", ""},
	Undecodable: {"undecodable", http.StatusBadRequest,
		"not readable; identity or start time missing", "quarantine",
		"The body is not an event", "It is kept in quarantine. Correct it at the place named here."},
	Partial: {"partial", http.StatusBadRequest,
		"an array, some of whose events were refused; the answer lists each", "each as its own case",
		"Some events of the array were refused", "The others are stored. Correct those that are named here."},
	Mismatch: {"mismatch", http.StatusUnprocessableEntity,
		"the body names another MAC than the URL", "quarantine",
		"The body names another MAC than the URL", "It is kept in quarantine. Give this PBX the URL that was made for its own MAC."},
	UnknownCoding: {"unknown_coding", http.StatusUnsupportedMediaType,
		"a body in a content coding other than gzip and deflate, or in more than one", "quarantine",
		"The body's coding is not read", "It is kept in quarantine. Send it as it is, or as gzip or deflate, and name that in Content-Encoding."},
	Unauthorised: {"unauthorised", http.StatusUnauthorized,
		"the URL's token is not valid for its MAC, or was replaced", "nothing",
		"This URL opens nothing", "Enter the PBX's URL again, exactly as `pbxctl device url` prints it."},
	Disabled: {"disabled", http.StatusForbidden,
		"the operator has disabled the PBX", "nothing",
		"This PBX is disabled", "Ask the operator to enable it."},
	TooLarge: {"too_large", http.StatusRequestEntityTooLarge,
		zycoo.ErrTooLarge.Error(), "nothing",
		"The body is too large", "Send at most " + zycoo.MaxBodyText + " and " + zycoo.MaxEventsText + " in one request."},
	Interrupted: {"interrupted", http.StatusRequestTimeout,
		"the body broke off or came too slowly", "nothing",
		"The body did not arrive whole", "Send it again."},
	NotFound: {"not_found", http.StatusNotFound,
		"another path", "nothing",
		"There is nothing at this path", "The path of a PBX's URL is /v1/pbx/{mac}/{token}, without a further slash."},
	NotAllowed: {"not_allowed", http.StatusMethodNotAllowed,
		"another method than POST, GET and HEAD", "nothing",
		"Events are sent by POST", "Send a POST request with the event as its body, or try the URL with GET."},
	Busy: {"busy", http.StatusServiceUnavailable,
		"busy: a body over 8 KiB found no memory within 2 seconds. Such bodies may take 64 MiB together, and 8 MiB of one PBX", "nothing",
		"Too many deliveries are being received", "It is not acknowledged. Send it again after the time in Retry-After."},
	Unavailable: {"unavailable", http.StatusServiceUnavailable,
		"both stores are down, or the fleet keys can't be read", "nothing",
		"The event could not be stored", "It is not acknowledged. Send it again after the time in Retry-After."},
}
