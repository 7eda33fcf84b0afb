// Package demo has the PBXs of pbxctl demo, which post the examples of the vendor's page.
package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/testdata"
)

// PBX is the PBX in the vendor's call record. It also sends the examples that name no PBX.
const PBX = pbx.MAC("68692e0b0001")

// example is a payload of the vendor's page, and the PBX that sends it.
type example struct {
	name string
	mac  pbx.MAC
}

func examples() []example {
	return []example{
		{"dialbegin", "68692e050f9a"},
		{"dialend", "68692e050f9a"},
		{"hangup", PBX},
		{"extensionstatus", PBX},
		{"ivr", "68692e038b3e"},
		{"cc_cdr", PBX},
	}
}

// Register names the PBXs of the examples, and returns them.
func Register(ctx context.Context, s *store.Store) (macs []pbx.MAC, err error) {
	for _, e := range examples() {
		if slices.Contains(macs, e.mac) {
			continue
		}
		macs = append(macs, e.mac)
		if err := s.SetDevice(ctx, e.mac, store.Device{Name: "Demo PBX " + string(e.mac[6:])}); err != nil {
			return nil, err
		}
	}
	return macs, nil
}

// Answer is what a server answers to an example.
type Answer struct {
	Example string // its name
	Status  string // such as 200 OK
	Body    string // without blank lines at its ends
}

// Post sends each example to its PBX's URL, and calls answered with the answer. Its error shows no URL.
func Post(ctx context.Context, url func(pbx.MAC) string, answered func(Answer)) error {
	for _, e := range examples() {
		answer, err := e.post(ctx, url(e.mac))
		if err != nil {
			return err
		}
		answered(answer)
	}
	return nil
}

func (e example) post(ctx context.Context, url string) (Answer, error) {
	body, err := testdata.FS.ReadFile("vendor/" + e.name + ".txt")
	if err != nil {
		return Answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("post %s: the URL is invalid", e.name) // the error would show the URL
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("post %s: the server does not answer", e.name) // the error would show the URL
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return Answer{e.name, response.Status, strings.TrimSpace(string(answer))}, err
}

// Archived returns how many lines the archive has, and the name of one object of each kind.
func Archived(ctx context.Context, bucket archive.Bucket) (total int, oneOfEach []string, err error) {
	kind := ""
	for name, err := range bucket.List(ctx, archive.RawPrefix, "") {
		if err != nil {
			return 0, nil, err
		}
		for _, err := range archive.ReadLines(ctx, bucket, name) {
			if total++; err != nil {
				return 0, nil, err
			}
		}
		if next := strings.Split(name, "/")[1]; next != kind {
			kind, oneOfEach = next, append(oneOfEach, name)
		}
	}
	return total, oneOfEach, nil
}
