package bill

import (
	"slices"

	"trunkline/infra/e2e/tap"
)

// Usage is what something uses.
type Usage struct {
	Requests    float64 `json:"requests,omitempty"` // to the API
	Invocations float64 `json:"invocations,omitempty"`
	GBSeconds   float64 `json:"gb_seconds,omitempty"`
	WriteUnits  float64 `json:"write_units,omitempty"`
	ReadUnits   float64 `json:"read_units,omitempty"`
	Puts        float64 `json:"puts,omitempty"` // of S3: PUT and LIST
	Gets        float64 `json:"gets,omitempty"` // of S3: GET and HEAD
	Queue       float64 `json:"queue,omitempty"`
	Streamed    float64 `json:"streamed,omitempty"` // bytes of records, in steps of 5 KB
	Secrets     float64 `json:"secrets,omitempty"`
	LogBytes    float64 `json:"log_bytes,omitempty"`
	TableBytes  float64 `json:"table_bytes,omitempty"`  // that stay
	BucketBytes float64 `json:"bucket_bytes,omitempty"` // that stay
}

// Of is what calls use.
func Of(calls []tap.Call) Usage {
	var u Usage
	for _, c := range calls {
		u.WriteUnits += c.Writes
		u.ReadUnits += c.Reads
		switch {
		case c.Service == "sqs":
			u.Queue++
		case c.Service == "firehose":
			u.Streamed += float64(c.Stored)
		case c.Service == "secretsmanager":
			u.Secrets++
		case c.Service == "dynamodb":
			u.TableBytes += float64(c.Stored)
		case c.Operation == "PutObject" || c.Operation == "ListObjectsV2":
			u.Puts++
			u.BucketBytes += float64(c.Stored)
		case c.Operation != "DeleteObject" && c.Operation != "DeleteObjects": // which are free
			u.Gets++
		}
	}
	return u
}

// Plus is both.
func (u Usage) Plus(v Usage) Usage {
	return Usage{
		u.Requests + v.Requests, u.Invocations + v.Invocations, u.GBSeconds + v.GBSeconds, u.WriteUnits + v.WriteUnits,
		u.ReadUnits + v.ReadUnits, u.Puts + v.Puts, u.Gets + v.Gets, u.Queue + v.Queue, u.Streamed + v.Streamed, u.Secrets + v.Secrets,
		u.LogBytes + v.LogBytes, u.TableBytes + v.TableBytes, u.BucketBytes + v.BucketBytes,
	}
}

// Times is n of it.
func (u Usage) Times(n float64) Usage {
	return Usage{
		u.Requests * n, u.Invocations * n, u.GBSeconds * n, u.WriteUnits * n, u.ReadUnits * n, u.Puts * n, u.Gets * n,
		u.Queue * n, u.Streamed * n, u.Secrets * n, u.LogBytes * n, u.TableBytes * n, u.BucketBytes * n,
	}
}

// Item is a line of a bill.
type Item struct {
	Name    string
	Dollars float64
}

// Items is what it costs to do, by AWS's services.
func (u Usage) Items() []Item {
	return []Item{
		{"API Gateway", u.Requests * apiRequest.Dollars},
		{"Lambda", u.Invocations*invocation.Dollars + u.GBSeconds*gigabyteTime.Dollars},
		{"DynamoDB", u.WriteUnits*writeUnit.Dollars + u.ReadUnits*readUnit.Dollars},
		{"S3", u.Puts*bucketPut.Dollars + u.Gets*bucketGet.Dollars},
		{"Firehose", u.Streamed / gigabyte * streamed.Dollars},
		{"SQS", u.Queue * queueRequest.Dollars},
		{"Secrets Manager", u.Secrets * secretRequest.Dollars},
		{"CloudWatch Logs", u.LogBytes / gigabyte * logged.Dollars},
	}
}

// Item is what it costs to do, by one of AWS's services.
func (u Usage) Item(name string) float64 {
	i := slices.IndexFunc(u.Items(), func(item Item) bool { return item.Name == name })
	return u.Items()[i].Dollars
}

// Dollars is what it costs to do.
func (u Usage) Dollars() float64 {
	total := 0.0
	for _, item := range u.Items() {
		total += item.Dollars
	}
	return total
}

// Keeping is what it costs to keep for a month what it has stored.
func (u Usage) Keeping() float64 {
	return (u.TableBytes*(tableStorage.Dollars+tableBackup.Dollars) + u.BucketBytes*bucketStorage.Dollars) / gigabyte
}
