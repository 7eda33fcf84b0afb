package tap

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Call is one request of the SDK, each of its retries by itself.
type Call struct {
	Service   string // as in the scope of its signature: dynamodb, firehose, s3, secretsmanager or sqs
	Operation string // such as PutItem; of S3, what none of ours does is named by method and query
	Resource  string // a table, a delivery stream, a bucket and an object's key, a secret or a queue's URL
	Prefix    string // of the names that ListObjectsV2 asks for
	Status    int    // of the answer; 0: no answer came

	Stored        int     // bytes of an object, item or record that was put, as they are paid for
	Reads, Writes float64 // DynamoDB's capacity units
}

// scope is that of a signature: its key, day and region are left out.
var scope = regexp.MustCompile(`Credential=[^/]+/\d+/[^/]+/([a-z0-9-]+)/aws4_request`)

// read returns what a request asks for.
func read(r *http.Request, body []byte) Call {
	var c Call
	if found := scope.FindStringSubmatch(r.Header.Get("Authorization")); found != nil {
		c.Service = found[1]
	}
	if c.Service == "s3" {
		c.readS3(r)
		return c
	}
	_, c.Operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var in struct {
		TableName, DeliveryStreamName, SecretId, QueueUrl string
		RequestItems                                      map[string]json.RawMessage
	}
	json.Unmarshal(body, &in) // a request of another kind has no resource
	c.Resource = in.TableName + in.DeliveryStreamName + in.SecretId + in.QueueUrl
	for table := range in.RequestItems { // a batch of ours is of one table
		c.Resource = table
	}
	return c
}

// s3Operations are those of requests whose query names no other.
var s3Operations = map[string]string{
	http.MethodGet: "GetObject", http.MethodHead: "HeadObject", http.MethodPut: "PutObject", http.MethodDelete: "DeleteObject",
}

func (c *Call) readS3(r *http.Request) {
	c.Resource = strings.TrimSuffix(r.URL.Path[1:], "/")
	query := r.URL.Query()
	c.Operation, c.Prefix = s3Operations[r.Method], query.Get("prefix")
	query.Del("x-id") // says the operation once more
	switch {
	case r.Method == http.MethodGet && query.Get("list-type") == "2":
		c.Operation = "ListObjectsV2"
	case r.Method == http.MethodPost && query.Has("delete"):
		c.Operation = "DeleteObjects"
	case c.Operation == "" || len(query) > 0 || r.Header.Get("X-Amz-Copy-Source") != "":
		c.Operation = r.Method + " ?" + r.URL.RawQuery
	}
}

// capacity returns which units an operation of DynamoDB takes.
var capacity = map[string]func(*Call) *float64{
	"GetItem": (*Call).reads, "BatchGetItem": (*Call).reads, "Query": (*Call).reads, "Scan": (*Call).reads,
	"PutItem": (*Call).writes, "UpdateItem": (*Call).writes, "DeleteItem": (*Call).writes,
}

func (c *Call) reads() *float64  { return &c.Reads }
func (c *Call) writes() *float64 { return &c.Writes }

// askForCapacity has DynamoDB tell what the call consumes.
func askForCapacity(c Call, body []byte) []byte {
	if capacity[c.Operation] == nil {
		return body
	}
	return append([]byte(`{"ReturnConsumedCapacity":"TOTAL",`), bytes.TrimPrefix(body, []byte("{"))...)
}

// price notes what a call that was answered costs. A write whose condition fails consumes
// what it would have consumed, which the answer does not tell.
func (c *Call) price(body, answer []byte) {
	if c.Operation == "PutObject" && c.Status == http.StatusOK {
		c.Stored = len(body)
	}
	if c.Operation == "PutRecord" && c.Status == http.StatusOK {
		c.Stored = recordSize(body)
	}
	units := capacity[c.Operation]
	if units == nil {
		return
	}
	var in struct{ Item map[string]value }
	var out struct {
		ConsumedCapacity consumed
		Type             string `json:"__type"`
	}
	json.Unmarshal(body, &in)    // other operations have no item,
	json.Unmarshal(answer, &out) // and other errors have consumed nothing
	*units(c) = float64(out.ConsumedCapacity)
	switch {
	case strings.HasSuffix(out.Type, "ConditionalCheckFailedException"):
		*units(c) = max(1, math.Ceil(float64(size(in.Item))/1024))
	case c.Operation == "PutItem" && c.Status == http.StatusOK:
		c.Stored = size(in.Item) + itemOverhead
	}
}

// RecordStep is the number of bytes to which Firehose rounds up each record that is paid for.
const RecordStep = 5 << 10

// recordSize is that of a record for a delivery stream, as it is paid for.
func recordSize(body []byte) int {
	var in struct{ Record struct{ Data []byte } }
	json.Unmarshal(body, &in) // ours has one
	return (len(in.Record.Data) + RecordStep - 1) / RecordStep * RecordStep
}

// consumed is a number of capacity units. A batch has them by table.
type consumed float64

// UnmarshalJSON implements json.Unmarshaler.
func (c *consumed) UnmarshalJSON(text []byte) error {
	type units struct{ CapacityUnits float64 }
	if !bytes.HasPrefix(text, []byte("[")) {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	var all []units
	err := json.Unmarshal(text, &all)
	for _, one := range all {
		*c += consumed(one.CapacityUnits)
	}
	return err
}

// itemOverhead is what DynamoDB adds to each item that it stores.
const itemOverhead = 100

// value is an attribute's value, by its type.
type value map[string]json.RawMessage

// size is that of an item in bytes, as the DynamoDB developer guide counts it ("DynamoDB
// item sizes and formats").
func size(item map[string]value) int {
	total := 0
	for name, v := range item {
		total += len(name) + v.size()
	}
	return total
}

func (v value) size() int {
	for kind, text := range v {
		var one string
		var members map[string]value
		var elements []value
		switch kind {
		case "S":
			json.Unmarshal(text, &one)
			return len(one)
		case "N":
			json.Unmarshal(text, &one)
			return (len(one)+1)/2 + 1
		case "M":
			json.Unmarshal(text, &members)
			return 3 + len(members) + size(members)
		case "L":
			json.Unmarshal(text, &elements)
			total := 3 + len(elements)
			for _, e := range elements {
				total += e.size()
			}
			return total
		}
	}
	return 1 // BOOL, NULL
}
