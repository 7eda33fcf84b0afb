package main

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
	"testing"
	"time"

	"trunkline/pkg/archive/archivetest"
	"trunkline/pkg/doctor"
	"trunkline/pkg/ingest"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/token"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// exampleSecret sign no real URLs.
const exampleSecret = `{"signing":"k1","k1":"an-example-that-signs-no-real-urls-at-all"}`

// fakeAWS answers as AWS does of one environment, as far as pbxctl asks, and is its endpoint too.
type fakeAWS struct {
	*httptest.Server
	answers  map[string]string            // by action, of those that are always answered alike
	broken   map[string]string            // by action: the code of the error that it is answered with
	items    map[string]map[string]string // by keys: as DynamoDB has them
	objects  *archivetest.Memory
	secret   *fakeSecret
	endpoint http.Handler
	date     time.Time // that answers say they were made; zero: now
}

// newFakeAWS makes an environment with which all is well, and has this process use it.
func newFakeAWS(t *testing.T) *fakeAWS {
	t.Helper()
	f := &fakeAWS{broken: map[string]string{}, items: map[string]map[string]string{}, objects: archivetest.NewMemory(), secret: newFakeSecret(exampleSecret)}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": f.URL, "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "", "AWS_ACCESS_KEY_ID": "test",
		"AWS_SECRET_ACCESS_KEY": "test", "AWS_PROFILE": "", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
		"AWS_MAX_ATTEMPTS": "1"} {
		t.Setenv(name, value)
	}
	f.answers = map[string]string{
		"GetCallerIdentity": `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::000000000000:user/operator</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`,
		"DescribeStacks": `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>` +
			output("TableName", "records") + output("BucketName", "archive") + output("FleetKeysSecretArn", "keys") + output("ApiUrl", f.URL) +
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
	f.open(t, exampleSecret)
	return f
}

func output(key, value string) string {
	return "<member><OutputKey>" + key + "</OutputKey><OutputValue>" + value + "</OutputValue></member>"
}

// open makes the endpoint, with keys.
func (f *fakeAWS) open(t *testing.T, secret string) {
	t.Helper()
	keys, err := token.ParseSecret([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	settings, err := awsSettings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := openS3(t.Context(), "archive")
	if err != nil {
		t.Fatal(err)
	}
	records := store.New(dynamo.New(dynamodb.NewFromConfig(settings), "records"), time.Now)
	f.endpoint = ingest.NewEndpoint(ingest.New(token.Fixed(keys), records, bucket, time.Now), func(context.Context, ingest.Report) {}, time.Now)
}

// ServeHTTP implements http.Handler.
func (f *fakeAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !f.date.IsZero() {
		w.Header().Set("Date", f.date.UTC().Format(http.TimeFormat))
	}
	if strings.HasPrefix(r.URL.Path, "/v1/pbx/") {
		f.endpoint.ServeHTTP(w, r)
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
	if code := f.broken[action]; code != "" {
		status := http.StatusBadRequest
		if r.Method == http.MethodHead { // whose answer has no body
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
		if speaksJSON {
			fmt.Fprintf(w, `{"__type":%q,"message":"broken"}`, code)
		} else {
			fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code></Error><Code>%s</Code></ErrorResponse>", code, code)
		}
		return
	}
	if answer, ok := f.answers[action]; ok {
		io.WriteString(w, answer)
		return
	}
	if speaksJSON {
		f.serveJSON(w, action, body)
		return
	}
	f.serveObject(w, r, body)
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

func (f *fakeAWS) serveJSON(w http.ResponseWriter, action string, body []byte) {
	type text struct{ S string }
	var in struct {
		Key                       struct{ PK, SK text }
		Item                      json.RawMessage
		ExpressionAttributeValues map[string]text
	}
	json.Unmarshal(body, &in)
	switch action {
	case "GetItem", "DeleteItem":
		item := f.items[in.Key.PK.S][in.Key.SK.S]
		if action == "DeleteItem" {
			delete(f.items[in.Key.PK.S], in.Key.SK.S)
		}
		if item == "" || action == "DeleteItem" {
			io.WriteString(w, "{}")
			return
		}
		fmt.Fprintf(w, `{"Item":%s}`, item)
	case "PutItem":
		var key struct{ PK, SK text }
		json.Unmarshal(in.Item, &key)
		if f.items[key.PK.S] == nil {
			f.items[key.PK.S] = map[string]string{}
		}
		f.items[key.PK.S][key.SK.S] = string(in.Item)
		io.WriteString(w, "{}")
	case "Query":
		var items []string
		for _, item := range f.items[in.ExpressionAttributeValues[":pk"].S] {
			items = append(items, item)
		}
		fmt.Fprintf(w, `{"Items":[%s]}`, strings.Join(items, ","))
	default:
		f.secret.serve(w, action, body)
	}
}

// The stages of a secret's versions.
const (
	stageCurrent = "AWSCURRENT"
	stagePending = "AWSPENDING"
)

// fakeSecret is a secret, of which a version may be put aside and then made to count.
type fakeSecret struct {
	texts     []string       // of the versions
	stages    map[string]int // to the versions' numbers
	meanwhile func()         // before a version is made to count
}

func newFakeSecret(text string) *fakeSecret {
	return &fakeSecret{texts: []string{text}, stages: map[string]int{stageCurrent: 0}}
}

func (s *fakeSecret) serve(w http.ResponseWriter, action string, body []byte) {
	var in struct {
		SecretString, VersionStage, MoveToVersionID, RemoveFromVersionID string
		VersionStages                                                    []string
	}
	json.Unmarshal(body, &in)
	switch action {
	case "GetSecretValue":
		n := s.stages[stageCurrent]
		json.NewEncoder(w).Encode(map[string]string{"SecretString": s.texts[n], "VersionId": strconv.Itoa(n)})
	case "PutSecretValue":
		s.texts = append(s.texts, in.SecretString)
		s.stages[in.VersionStages[0]] = len(s.texts) - 1
		json.NewEncoder(w).Encode(map[string]string{"VersionId": strconv.Itoa(len(s.texts) - 1)})
	case "UpdateSecretVersionStage":
		if s.meanwhile != nil {
			s.meanwhile()
			s.meanwhile = nil
		}
		if n, there := s.stages[in.VersionStage]; !there || strconv.Itoa(n) != in.RemoveFromVersionID {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"__type":"InvalidParameterException"}`)
			return
		}
		delete(s.stages, in.VersionStage)
		if in.MoveToVersionID != "" {
			s.stages[in.VersionStage], _ = strconv.Atoi(in.MoveToVersionID)
		}
		io.WriteString(w, "{}")
	default:
		w.WriteHeader(http.StatusNotImplemented)
	}
}

func (f *fakeAWS) serveObject(w http.ResponseWriter, r *http.Request, body []byte) {
	name := strings.TrimPrefix(r.URL.Path, "/archive/")
	switch action := queryAction(r, ""); action {
	case "HeadBucket":
	case "ListObjects":
		type contents struct{ Key string }
		var list struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Contents []contents
		}
		for name := range f.objects.List(r.Context(), r.URL.Query().Get("prefix"), "") {
			list.Contents = append(list.Contents, contents{name})
		}
		xml.NewEncoder(w).Encode(list)
	case "PUTObject":
		f.objects.Put(r.Context(), name, body)
	case "GETObject":
		object, err := f.objects.Get(r.Context(), name)
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
			return
		}
		w.Write(object)
	case "DELETEObject":
		f.objects.Delete(r.Context(), name)
	}
}

// left is what is kept of the test device, and what else a check has left.
func (f *fakeAWS) left() (left []string) {
	for sk := range f.items[string(doctor.TestMAC)] {
		left = append(left, sk)
	}
	for mac := range f.items["FLEET"] {
		left = append(left, "FLEET "+mac)
	}
	for name := range f.objects.List(context.Background(), "", "") {
		left = append(left, name)
	}
	slices.Sort(left)
	return left
}
