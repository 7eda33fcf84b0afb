package stack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// API is a client of CloudFormation and IAM, of which the module has no SDK.
type API struct {
	Endpoint    string
	Region      string
	Credentials aws.CredentialsProvider
	Now         func() time.Time
}

// Stack is what CloudFormation has made.
type Stack struct {
	Name      string
	Outputs   map[string]string
	Resources map[string]string // their physical ids, by their names in the template
	api       API
}

// createWithin is the time that a stack has to be made or deleted.
const createWithin = 2 * time.Minute

// Create makes a stack, and waits until it is whole. With an error it returns what there may
// be of the stack, to be deleted.
func (a API) Create(ctx context.Context, name string, t Template) (*Stack, error) {
	s := &Stack{name, map[string]string{}, map[string]string{}, a}
	text, err := t.Text()
	if err != nil {
		return s, err
	}
	err = a.ask(ctx, "cloudformation", nil, "Action", "CreateStack", "StackName", name, "TemplateBody", text,
		"Capabilities.member.1", "CAPABILITY_IAM", "Capabilities.member.2", "CAPABILITY_AUTO_EXPAND")
	if err != nil {
		return s, err
	}
	waited := s.wait(ctx, "CREATE_COMPLETE")
	return s, errors.Join(waited, s.readResources(ctx))
}

// readResources reads the names of what is made.
func (s *Stack) readResources(ctx context.Context) error {
	var out struct {
		Resources []struct {
			Name string `xml:"LogicalResourceId"`
			ID   string `xml:"PhysicalResourceId"`
		} `xml:"DescribeStackResourcesResult>StackResources>member"`
	}
	if err := s.api.ask(ctx, "cloudformation", &out, "Action", "DescribeStackResources", "StackName", s.Name); err != nil {
		return err
	}
	for _, r := range out.Resources {
		s.Resources[r.Name] = r.ID
	}
	return nil
}

// Delete deletes the stack, and waits until what it does not retain is gone.
func (s *Stack) Delete(ctx context.Context) error {
	if err := s.api.ask(ctx, "cloudformation", nil, "Action", "DeleteStack", "StackName", s.Name); err != nil {
		return err
	}
	return s.wait(ctx, "DELETE_COMPLETE")
}

// wait waits until the stack has a status, and reads its outputs.
func (s *Stack) wait(ctx context.Context, want string) error {
	ctx, cancel := context.WithTimeout(ctx, createWithin)
	defer cancel()
	for {
		status, err := s.describe(ctx)
		switch {
		case err != nil && want == "DELETE_COMPLETE" && strings.Contains(err.Error(), "does not exist"):
			return nil
		case err != nil:
			return err
		case status == want:
			return nil
		case !strings.HasSuffix(status, "_IN_PROGRESS"):
			return fmt.Errorf("stack %s: %s", s.Name, status)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (s *Stack) describe(ctx context.Context) (status string, err error) {
	var out struct {
		Stacks []struct {
			StackStatus string
			Outputs     []struct{ OutputKey, OutputValue string } `xml:"Outputs>member"`
		} `xml:"DescribeStacksResult>Stacks>member"`
	}
	if err := s.api.ask(ctx, "cloudformation", &out, "Action", "DescribeStacks", "StackName", s.Name); err != nil {
		return "", err
	}
	if len(out.Stacks) != 1 {
		return "", errors.New("no such stack: it does not exist")
	}
	for _, o := range out.Stacks[0].Outputs {
		s.Outputs[o.OutputKey] = o.OutputValue
	}
	return out.Stacks[0].StackStatus, nil
}

// versions are those of the two interfaces.
var versions = map[string]string{"cloudformation": "2010-05-15", "iam": "2010-05-08"}

// ask makes a request of an interface that takes forms and answers in XML, which is read
// into out.
func (a API) ask(ctx context.Context, service string, out any, form ...string) error {
	values := url.Values{"Version": {versions[service]}}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	answer, err := a.post(ctx, service, values.Encode())
	if err == nil && out != nil {
		err = xml.Unmarshal(answer, out)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", form[1], err)
	}
	return nil
}

func (a API) post(ctx context.Context, service, body string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Endpoint+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	credentials, err := a.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), service, a.Region, a.Now()); err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, answer)
	}
	return answer, err
}
