// Package cloudtest has an environment in AWS for tests. It answers in this process, as AWS does, to
// what Trunkline's operator and functions ask. Any action can be made to fail.
package cloudtest

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/cloud/stack"
	"trunkline/pkg/doctor"
	"trunkline/pkg/ingest"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
	"trunkline/pkg/token/tokentest"
)

// ExampleSecret has keys that sign no real URLs.
const ExampleSecret = `{"signing":"k1","k1":"an-example-that-signs-no-real-urls-at-all"}`

// AWS answers as AWS does of one environment, and is its endpoint, too. The environment has the stack
// trunkline, the table records, the bucket archive and the secret keys.
type AWS struct {
	*httptest.Server
	Answers  map[string]string            // by action, of those that are always answered alike
	Broken   map[string]string            // by action: the code of the error that it is answered with
	Items    map[string]map[string]string // by keys: as DynamoDB has them
	Objects  *archivetest.Memory
	Secret   *Secret
	Endpoint http.Handler
	Date     time.Time // that answers say they were made; zero: now

	mu sync.Mutex // guards Items and Secret while requests are answered
}

// New makes an environment in which all is well, and has this process use it. So the test can't run
// in parallel.
func New(t *testing.T) *AWS {
	t.Helper()
	f := &AWS{Broken: map[string]string{}, Items: map[string]map[string]string{}, Objects: archivetest.NewMemory(), Secret: newSecret(ExampleSecret)}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": f.URL, "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "", "AWS_ACCESS_KEY_ID": "test",
		"AWS_SECRET_ACCESS_KEY": "test", "AWS_PROFILE": "", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
		"AWS_MAX_ATTEMPTS": "1"} {
		t.Setenv(name, value)
	}
	f.Answers = answers(f.URL)
	f.Serve(t, ExampleSecret)
	return f
}

// answers are what AWS says of an environment as it should be, whose endpoint is at url.
func answers(url string) map[string]string {
	return map[string]string{
		"GetCallerIdentity": `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::000000000000:user/operator</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`,
		"DescribeStacks": `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>` +
			output("TableName", "records") + output("BucketName", "archive") + output("FleetKeysSecretArn", "keys") + output("ApiUrl", url) +
			`</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
		"DescribeTable": `{"Table":{"TableStatus":"ACTIVE","DeletionProtectionEnabled":true,` +
			`"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],` +
			`"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}}`,
		"DescribeTimeToLive":        `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"expires"}}`,
		"DescribeContinuousBackups": `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}}`,
		"GetPublicAccessBlock": `<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>` +
			`<BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`,
		"GetBucketEncryption": `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>` +
			`</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`,
	}
}

func output(key, value string) string {
	return "<member><OutputKey>" + key + "</OutputKey><OutputValue>" + value + "</OutputValue></member>"
}

// Serve makes the environment's endpoint, with the keys in a secret's text.
func (f *AWS) Serve(t *testing.T, secret string) {
	t.Helper()
	keys, err := token.ParseSecret([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	table, err := stack.Table(t.Context(), "records")
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := stack.Bucket(t.Context(), "archive")
	if err != nil {
		t.Fatal(err)
	}
	f.Endpoint = ingest.NewEndpoint(ingest.New(tokentest.Fixed(keys), store.New(table, time.Now), archive.NewDirect(bucket), bucket, time.Now), func(context.Context, ingest.Report) {}, time.Now)
}

// Fails has an action fail from now on, with the code of an error.
func Fails(action, code string) func(*testing.T, *AWS) {
	return func(_ *testing.T, f *AWS) { f.Broken[action] = code }
}

// Answers changes a part of the answer to an action.
func Answers(action, old, new string) func(*testing.T, *AWS) {
	return func(t *testing.T, f *AWS) {
		if !strings.Contains(f.Answers[action], old) {
			t.Fatalf("%s is never answered with %s", action, old)
		}
		f.Answers[action] = strings.ReplaceAll(f.Answers[action], old, new)
	}
}

// ServeHTTP implements http.Handler.
func (f *AWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !f.Date.IsZero() {
		w.Header().Set("Date", f.Date.UTC().Format(http.TimeFormat))
	}
	if strings.HasPrefix(r.URL.Path, "/v1/pbx/") {
		f.Endpoint.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	_, action, speaksJSON := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !speaksJSON {
		action = queryAction(r, string(body))
	}
	if speaksJSON {
		summed := httptest.NewRecorder()
		defer summedTo(w, summed)
		w = summed
	}
	if code := f.Broken[action]; code != "" {
		fail(w, r, code, speaksJSON)
		return
	}
	if answer, ok := f.Answers[action]; ok {
		io.WriteString(w, answer)
		return
	}
	if speaksJSON {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.serveJSON(w, action, body)
		return
	}
	f.serveObject(w, r, body)
}

// fail answers with an error's code.
func fail(w http.ResponseWriter, r *http.Request, code string, speaksJSON bool) {
	status := http.StatusBadRequest
	if r.Method == http.MethodHead { // whose answer has no body
		status = http.StatusNotFound
	}
	w.WriteHeader(status)
	if speaksJSON {
		fmt.Fprintf(w, `{"__type":%q,"message":"broken"}`, code)
		return
	}
	fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code></Error><Code>%s</Code></ErrorResponse>", code, code)
}

// summedTo answers with the checksum that the SDK looks for.
func summedTo(w http.ResponseWriter, r *httptest.ResponseRecorder) {
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(r.Body.Bytes())), 10))
	w.WriteHeader(r.Code)
	w.Write(r.Body.Bytes())
}

// queryAction is what a request asks for that names no target.
func queryAction(r *http.Request, body string) string {
	for _, pair := range strings.Split(body, "&") {
		if action, ok := strings.CutPrefix(pair, "Action="); ok {
			return action
		}
	}
	switch q := r.URL.Query(); {
	case q.Has("publicAccessBlock"):
		return "GetPublicAccessBlock"
	case q.Has("encryption"):
		return "GetBucketEncryption"
	case r.Method == http.MethodHead:
		return "HeadBucket"
	case q.Has("list-type"):
		return "ListObjects"
	}
	return r.Method + "Object"
}

func (f *AWS) serveJSON(w http.ResponseWriter, action string, body []byte) {
	type text struct{ S string }
	var in struct {
		Key                       struct{ PK, SK text }
		Item                      json.RawMessage
		ExpressionAttributeValues map[string]text
	}
	json.Unmarshal(body, &in)
	switch action {
	case "GetItem", "DeleteItem":
		item := f.Items[in.Key.PK.S][in.Key.SK.S]
		if action == "DeleteItem" {
			delete(f.Items[in.Key.PK.S], in.Key.SK.S)
		}
		if item == "" || action == "DeleteItem" {
			io.WriteString(w, "{}")
			return
		}
		fmt.Fprintf(w, `{"Item":%s}`, item)
	case "BatchGetItem":
		f.serveMany(w, body)
	case "PutItem":
		var key struct{ PK, SK text }
		json.Unmarshal(in.Item, &key)
		if f.Items[key.PK.S] == nil {
			f.Items[key.PK.S] = map[string]string{}
		}
		f.Items[key.PK.S][key.SK.S] = string(in.Item)
		io.WriteString(w, "{}")
	case "Query":
		var items []string
		for _, item := range f.Items[in.ExpressionAttributeValues[":pk"].S] {
			items = append(items, item)
		}
		fmt.Fprintf(w, `{"Items":[%s]}`, strings.Join(items, ","))
	default:
		f.Secret.serve(w, action, body)
	}
}

// serveMany answers BatchGetItem of one table.
func (f *AWS) serveMany(w http.ResponseWriter, body []byte) {
	type text struct{ S string }
	var in struct {
		RequestItems map[string]struct{ Keys []struct{ PK, SK text } }
	}
	json.Unmarshal(body, &in)
	found := map[string][]json.RawMessage{}
	for table, wanted := range in.RequestItems {
		for _, key := range wanted.Keys {
			if item := f.Items[key.PK.S][key.SK.S]; item != "" {
				found[table] = append(found[table], json.RawMessage(item))
			}
		}
	}
	json.NewEncoder(w).Encode(map[string]any{"Responses": found})
}

// The stages of a secret's versions.
const (
	StageCurrent = "AWSCURRENT"
	StagePending = "AWSPENDING"
)

// Secret is a secret, of which a version may be put aside and then made to count.
type Secret struct {
	Texts     []string       // of the versions
	Stages    map[string]int // to the versions' numbers
	Meanwhile func()         // before a version is made to count
}

func newSecret(text string) *Secret {
	return &Secret{Texts: []string{text}, Stages: map[string]int{StageCurrent: 0}}
}

func (s *Secret) serve(w http.ResponseWriter, action string, body []byte) {
	var in struct {
		SecretString, VersionStage, MoveToVersionID, RemoveFromVersionID string
		VersionStages                                                    []string
	}
	json.Unmarshal(body, &in)
	switch action {
	case "GetSecretValue":
		n := s.Stages[StageCurrent]
		json.NewEncoder(w).Encode(map[string]string{"SecretString": s.Texts[n], "VersionId": strconv.Itoa(n)})
	case "PutSecretValue":
		s.Texts = append(s.Texts, in.SecretString)
		s.Stages[in.VersionStages[0]] = len(s.Texts) - 1
		json.NewEncoder(w).Encode(map[string]string{"VersionId": strconv.Itoa(len(s.Texts) - 1)})
	case "UpdateSecretVersionStage":
		if s.Meanwhile != nil {
			s.Meanwhile()
			s.Meanwhile = nil
		}
		if n, there := s.Stages[in.VersionStage]; !there || strconv.Itoa(n) != in.RemoveFromVersionID {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"__type":"InvalidParameterException"}`)
			return
		}
		delete(s.Stages, in.VersionStage)
		if in.MoveToVersionID != "" {
			s.Stages[in.VersionStage], _ = strconv.Atoi(in.MoveToVersionID)
		}
		io.WriteString(w, "{}")
	default:
		w.WriteHeader(http.StatusNotImplemented)
	}
}

func (f *AWS) serveObject(w http.ResponseWriter, r *http.Request, body []byte) {
	name := strings.TrimPrefix(r.URL.Path, "/archive/")
	switch action := queryAction(r, ""); action {
	case "HeadBucket":
	case "ListObjects":
		type contents struct{ Key string }
		var list struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Contents []contents
		}
		for name := range f.Objects.List(r.Context(), r.URL.Query().Get("prefix"), "") {
			list.Contents = append(list.Contents, contents{name})
		}
		xml.NewEncoder(w).Encode(list)
	case "PUTObject":
		f.Objects.Put(r.Context(), name, body)
	case "GETObject":
		object, err := f.Objects.Get(r.Context(), name)
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
			return
		}
		w.Write(object)
	case "DELETEObject":
		f.Objects.Delete(r.Context(), name)
	}
}

// Left returns what is kept of the test device, and what else a check has left.
func (f *AWS) Left() (left []string) {
	for sk := range f.Items[string(doctor.TestMAC)] {
		left = append(left, sk)
	}
	for pk, items := range f.Items {
		if !strings.HasPrefix(pk, "FLEET") {
			continue
		}
		for mac := range items {
			left = append(left, "FLEET "+mac)
		}
	}
	for name := range f.Objects.List(context.Background(), "", "") {
		left = append(left, name)
	}
	slices.Sort(left)
	return left
}
