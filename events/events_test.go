package events

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What an event says twice must agree, or tests would prove something of events that AWS never sends.
func TestRequestsAgreeWithThemselves(t *testing.T) {
	names, err := fs.Glob(FS, "apigw_*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("events: %d, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			data, err := FS.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var e struct {
				Version, RouteKey, RawPath, Body string
				Headers                          map[string]string
				PathParameters                   struct{ Proxy string }
				IsBase64Encoded                  bool
				RequestContext                   struct {
					DomainName, RouteKey, Stage, Time string
					TimeEpoch                         int64
					HTTP                              struct{ Path, SourceIP, UserAgent string }
				}
			}
			if err := json.Unmarshal(data, &e); err != nil {
				t.Fatal(err)
			}
			same := func(what, got, want string) {
				t.Helper()
				if got != want {
					t.Errorf("%s: %q, want %q", what, got, want)
				}
			}
			same("version", e.Version, "2.0")
			same("routeKey", e.RouteKey, "ANY /v1/pbx/{proxy+}")
			same("requestContext.routeKey", e.RequestContext.RouteKey, e.RouteKey)
			same("stage", e.RequestContext.Stage, "$default")
			same("http.path", e.RequestContext.HTTP.Path, e.RawPath)
			same("pathParameters.proxy", "/v1/pbx/"+e.PathParameters.Proxy, e.RawPath)
			same("host", e.Headers["host"], e.RequestContext.DomainName)
			same("user-agent", e.Headers["user-agent"], e.RequestContext.HTTP.UserAgent)
			same("x-forwarded-for", e.Headers["x-forwarded-for"], e.RequestContext.HTTP.SourceIP)
			at := time.UnixMilli(e.RequestContext.TimeEpoch).UTC()
			same("time", e.RequestContext.Time, at.Format("02/Jan/2006:15:04:05 -0700"))
			trace, _, _ := strings.Cut(e.Headers["x-amzn-trace-id"], "-0000")
			same("x-amzn-trace-id", trace, fmt.Sprintf("Root=1-%08x", at.Unix()))
			for header := range e.Headers {
				same("header name", header, strings.ToLower(header))
			}
			if !strings.HasSuffix(strings.TrimSuffix(e.RawPath, "/"), "/TOKEN") {
				t.Errorf("rawPath: %q has no TOKEN at its end", e.RawPath)
			}
			if name == "apigw_bad_base64.json" {
				return
			}
			body := []byte(e.Body)
			if e.IsBase64Encoded {
				if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
					t.Error(err)
				}
			}
			if length, ok := e.Headers["content-length"]; ok {
				same("content-length", length, strconv.Itoa(len(body)))
			}
		})
	}
}

func TestAMessageAgreesWithItself(t *testing.T) {
	data, err := FS.ReadFile("sqs_due.json")
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Records []struct{ Body, MD5OfBody, EventSource, EventSourceARN, AWSRegion string }
	}
	if err := json.Unmarshal(data, &e); err != nil || len(e.Records) != 1 {
		t.Fatalf("%d records, %v", len(e.Records), err)
	}
	r := e.Records[0]
	if sum := md5.Sum([]byte(r.Body)); hex.EncodeToString(sum[:]) != r.MD5OfBody {
		t.Errorf("the body's MD5 is %x", sum)
	}
	if r.EventSource != "aws:sqs" || !strings.HasPrefix(r.EventSourceARN, "arn:aws:sqs:"+r.AWSRegion+":") {
		t.Errorf("%+v", r)
	}
}

func TestTheScheduleSaysWhatTheTemplateHasItSay(t *testing.T) {
	event, err := FS.ReadFile("schedule.json")
	if err != nil {
		t.Fatal(err)
	}
	template, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if input := "Input: '" + strings.TrimSpace(string(event)) + "'\n"; !strings.Contains(string(template), input) {
		t.Errorf("the template has no %s", input)
	}
}
