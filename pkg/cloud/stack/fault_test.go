package stack

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"trunkline/pkg/doctor"
)

func TestAnErrorOfAWSSaysWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		err       error
		found, do string
	}{
		"denied":          {answer("AccessDeniedException"), "the bucket x denies s3:GetObject", "have its owner allow this identity s3:GetObject on it"},
		"forbidden":       {answer("Forbidden"), "the bucket x denies s3:GetObject", "have its owner"},
		"unauthorized":    {answer("UnauthorizedOperation"), "denies", "have its owner"},
		"another region":  {answer("PermanentRedirect"), "the bucket x is in another region", "set AWS_REGION"},
		"missing":         {answer("NoSuchBucket"), "the bucket x does not exist (NoSuchBucket)", "the stack's outputs"},
		"not found":       {answer("ResourceNotFoundException"), "does not exist", "the stack's outputs"},
		"bad credentials": {answer("ExpiredTokenException"), "AWS refuses these credentials (ExpiredTokenException)", "log in again"},
		"no network":      {&net.DNSError{Err: "no such host", Name: "s3"}, "no answer from AWS", "look at the network"},
		"no credentials":  {errors.New("failed to refresh"), "failed to refresh", "look at AWS_PROFILE"},
		"AWS is down":     {answer("InternalServerError"), "s3:GetObject: ", "the AWS Health Dashboard"},
	} {
		t.Run(name, func(t *testing.T) {
			fault, ok := errors.AsType[doctor.Fault](Fault(c.err, "s3:GetObject", "the bucket x"))
			if !ok || !strings.Contains(fault.Found, c.found) || !strings.Contains(fault.Do, c.do) {
				t.Errorf("%+v, want %s: %s", fault, c.found, c.do)
			}
		})
	}
}

func answer(code string) error { return &smithy.GenericAPIError{Code: code, Message: "as it is"} }

// Tables, buckets and secrets are opened with the same settings, so all of them need a region.
func TestNothingIsOpenedWithoutARegion(t *testing.T) {
	for name, value := range map[string]string{"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"} {
		t.Setenv(name, value)
	}
	for name, open := range map[string]func(context.Context) error{
		"table":   func(ctx context.Context) error { _, err := Table(ctx, "x"); return err },
		"bucket":  func(ctx context.Context) error { _, err := Bucket(ctx, "x"); return err },
		"secret":  func(ctx context.Context) error { _, err := Keyring(ctx, "x"); return err },
		"clients": func(ctx context.Context) error { _, err := NewClients(ctx); return err },
		"stack":   func(ctx context.Context) error { _, err := Site{Stack: "x"}.Find(ctx); return err },
	} {
		if err := open(t.Context()); err == nil || !strings.Contains(err.Error(), "no region: set AWS_REGION") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if at, err := (Site{Table: "x"}).Find(t.Context()); err != nil || at.Table != "x" {
		t.Errorf("a table that is named alone: %+v, %v", at, err)
	}
}
