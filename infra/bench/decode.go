package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	goccy "github.com/goccy/go-json"

	"trunkline/pkg/pbx"
	"trunkline/pkg/zycoo"
	"trunkline/testdata"
)

// strictRecord is the vendor's call record as strict JSON.
//
//go:embed cc_cdr.json
var strictRecord []byte

func vendorRecord() ([]byte, error) { return testdata.FS.ReadFile("vendor/cc_cdr.txt") }

// decode compares zycoo.Decode with encoding/json and with the fastest JSON parser that we found
// for this event. The others read the strict form only, and convert neither times nor numbers
// from strings.
func decode(ctx context.Context, w *workshop) error {
	asReceived, err := vendorRecord()
	if err != nil {
		return err
	}
	received := operation("Decode, as received", decoding(asReceived))
	strict := operation("Decode, strict", decoding(strictRecord))
	standard := operation("encoding/json", unmarshalling(json.Unmarshal))
	fastest := operation("goccy/go-json", unmarshalling(unmarshalGoccy))
	rows := []*contender{received, strict, standard, fastest}
	if err := inTurns(ctx, "decode", w.runs, slices.Repeat(rows, loopsPerRun)...); err != nil {
		return err
	}
	return table{
		title: fmt.Sprintf("Decode a call record (%d bytes; strict: %d)", len(asReceived), len(strictRecord)),
		unit:  "ns/op", format: "%.0f", columns: operationColumns,
		against: []*contender{standard, fastest}, rows: rows,
	}.print(os.Stdout)
}

func decoding(text []byte) func() error {
	return func() error {
		body, err := zycoo.Decode(text)
		if err != nil {
			return err
		}
		if r, ok := body.Elements[0].Event.(*pbx.CallRecord); !ok || r.MissCause != "MEMBER_CANCEL" {
			return errors.New("the call record was not read")
		}
		return nil
	}
}

func unmarshalling(unmarshal func([]byte, any) error) func() error {
	return func() error {
		var r peerRecord
		if err := unmarshal(strictRecord, &r); err != nil {
			return err
		}
		if r.MissCause != "MEMBER_CANCEL" {
			return errors.New("the call record was not read")
		}
		return nil
	}
}

func unmarshalGoccy(text []byte, v any) error { return goccy.Unmarshal(text, v) }

// peerRecord is the call record for parsers of JSON, each member as the vendor writes it.
type peerRecord struct {
	Event          string      `json:"event"`
	UUID           string      `json:"uuid"`
	Caller         string      `json:"caller"`
	Called         string      `json:"called"`
	QueueCode      string      `json:"queueCode"`
	AgentCode      string      `json:"agentCode"`
	CallType       string      `json:"callType"`
	CDRState       string      `json:"cdrState"`
	HangupCause    string      `json:"hangupCause"`
	StartTime      string      `json:"startTime"`
	EndTime        string      `json:"endTime"`
	Duration       string      `json:"duration"`
	QueueTime      string      `json:"queueTime"`
	FeedbackTime   string      `json:"feedbackTime"`
	IVRTime        string      `json:"ivrTime"`
	RingTime       string      `json:"ringTime"`
	HoldTime       json.Number `json:"holdTime"`
	PauseTime      json.Number `json:"pauseTime"`
	TalkingTime    string      `json:"talkingTime"`
	VoicemailState string      `json:"voicemailState"`
	IVRID          string      `json:"ivrId"`
	IVRName        string      `json:"ivrName"`
	IVRDTMF        string      `json:"ivrDtmf"`
	ForwardType    string      `json:"fwType"`
	Score          string      `json:"score"`
	TrunkNumber    string      `json:"trunkNumber"`
	ForwardNumber  string      `json:"forwardNumber"`
	FilePath       string      `json:"filePath"`
	MissCause      string      `json:"missCause"`
	MAC            string      `json:"mac"`
}
