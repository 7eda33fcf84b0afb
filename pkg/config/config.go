// Package config reads what the environment says, and checks it before anything is
// started. It knows the variables' names and forms; package cloud knows what they are
// for. Errors name the variable and never show the value of a secret.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
)

// AWS is how to reach AWS. Lambda sets all of it but Endpoint.
type AWS struct {
	Region          string
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // empty for keys that do not expire
	Endpoint        string // of a stand-in for AWS; empty: AWS itself
}

// Ingest is what the ingest function needs.
type Ingest struct {
	AWS
	Table     string // TABLE_NAME, the DynamoDB table
	Bucket    string // BUCKET_NAME, the S3 bucket
	FleetKeys string // FLEET_KEYS_SECRET, the name or ARN of the secret
	Metrics   string // METRICS_NAMESPACE, where CloudWatch counts what happens; Trunkline where it is empty
	// RecordDays is RECORD_DAYS, for how many days records of calls are kept, from
	// store.LeastDays to store.MostDays; 0, for ever, where it is empty.
	RecordDays int
}

// Schedule is when days close.
type Schedule struct {
	DefaultZone pbx.Zone      // DEFAULT_ZONE, of PBXs whose zone is neither registered nor inferred; UTC where it is empty
	Grace       time.Duration // GRACE_MINUTES, from a day's end until it closes; 15 where it is empty
}

// DefaultSchedule is that of a fleet for which nothing was decided.
func DefaultSchedule() Schedule { return Schedule{DefaultZone: pbx.UTC, Grace: 15 * time.Minute} }

// Rollup is what the rollup function needs.
type Rollup struct {
	AWS
	Table   string // TABLE_NAME, the DynamoDB table
	Bucket  string // BUCKET_NAME, the S3 bucket
	Queue   string // QUEUE_URL, the SQS queue of days that are due
	Metrics string // METRICS_NAMESPACE, as that of Ingest
	// RecordDays is RECORD_DAYS, as that of Ingest.
	RecordDays int
	Schedule
}

// ReadRollup is ReadIngest for the rollup function.
func ReadRollup(getenv func(string) string) (Rollup, error) {
	r := reader{getenv: getenv}
	c := Rollup{
		AWS: r.aws(), Table: r.table(), Bucket: r.bucket(), Queue: r.match("QUEUE_URL", `https?://\S+`, "the URL of an SQS queue"),
		Metrics: r.namespace(), RecordDays: r.recordDays(), Schedule: r.schedule(),
	}
	return c, r.err()
}

// ReadSchedule is ReadIngest for a program that runs the schedule by itself.
func ReadSchedule(getenv func(string) string) (Schedule, error) {
	r := reader{getenv: getenv}
	s := r.schedule()
	return s, r.err()
}

// ReadRecordDays is ReadIngest for a program that only works with records: it reads RECORD_DAYS.
func ReadRecordDays(getenv func(string) string) (int, error) {
	r := reader{getenv: getenv}
	days := r.recordDays()
	return days, r.err()
}

// ReadIngest reads the settings of the ingest function. Its error is one line that
// names every variable that is missing or bad.
func ReadIngest(getenv func(string) string) (Ingest, error) {
	r := reader{getenv: getenv}
	c := Ingest{
		AWS: r.aws(), Table: r.table(), Bucket: r.bucket(),
		FleetKeys: r.match("FLEET_KEYS_SECRET", `[a-zA-Z0-9/_+=.@:-]+`, "the name or ARN of a secret"),
		Metrics:   r.namespace(), RecordDays: r.recordDays(),
	}
	return c, r.err()
}

// reader gathers what is wrong with the variables it reads.
type reader struct {
	getenv func(string) string
	wrong  []string
}

func (r *reader) err() error {
	if len(r.wrong) == 0 {
		return nil
	}
	return errors.New("environment: " + strings.Join(r.wrong, "; "))
}

func (r *reader) aws() AWS {
	return AWS{
		Region:          r.match("AWS_REGION", `[a-z]{2}(-[a-z]+)+-\d`, "a region such as eu-central-1"),
		AccessKeyID:     r.required("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: r.required("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    r.getenv("AWS_SESSION_TOKEN"),
		Endpoint:        r.endpoint("AWS_ENDPOINT_URL"),
	}
}

func (r *reader) table() string {
	return r.match("TABLE_NAME", `[a-zA-Z0-9_.-]{3,255}`, "the name of a DynamoDB table")
}

func (r *reader) bucket() string {
	return r.match("BUCKET_NAME", `[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`, "the name of an S3 bucket")
}

// namespace is one of CloudWatch, within what it takes. Two deployments that shared one would
// have their numbers added up.
func (r *reader) namespace() string {
	if r.getenv("METRICS_NAMESPACE") == "" {
		return "Trunkline"
	}
	return r.match("METRICS_NAMESPACE", `[A-Za-z0-9][A-Za-z0-9/_.-]{0,254}`, "a namespace of CloudWatch such as Trunkline/prod")
}

func (r *reader) schedule() Schedule {
	unset := DefaultSchedule()
	return Schedule{
		DefaultZone: r.zone("DEFAULT_ZONE", unset.DefaultZone),
		Grace:       r.minutes("GRACE_MINUTES", minutes{unset: int(unset.Grace / time.Minute), most: 12 * 60}),
	}
}

func (r *reader) zone(name string, fallback pbx.Zone) pbx.Zone {
	value := r.getenv(name)
	if value == "" {
		return fallback
	}
	zone, err := pbx.ParseZone(value)
	if err != nil {
		r.wrong = append(r.wrong, fmt.Sprintf("%s: %v", name, err))
	}
	return zone
}

// minutes are what a variable may be, from 0.
type minutes struct {
	unset int // what it is where it is empty
	most  int
}

func (r *reader) minutes(name string, of minutes) time.Duration {
	value := r.getenv(name)
	if value == "" {
		value = strconv.Itoa(of.unset)
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > of.most {
		r.wrong = append(r.wrong, fmt.Sprintf("%s=%.80q is not a number of minutes from 0 to %d", name, value, of.most))
	}
	return time.Duration(n) * time.Minute
}

// recordDays is how long records are kept.
func (r *reader) recordDays() int {
	value := r.getenv("RECORD_DAYS")
	if value == "" {
		return 0
	}
	n, err := strconv.Atoi(value)
	if err != nil || n != 0 && (n < store.LeastDays || n > store.MostDays) {
		r.wrong = append(r.wrong, fmt.Sprintf("RECORD_DAYS=%.80q is neither 0 nor a number of days from %d to %d", value, store.LeastDays, store.MostDays))
	}
	return n
}

func (r *reader) required(name string) string {
	value := r.getenv(name)
	if value == "" {
		r.wrong = append(r.wrong, name+" is not set")
	}
	return value
}

func (r *reader) match(name, pattern, what string) string {
	value := r.required(name)
	if value != "" && !regexp.MustCompile(`^(?:`+pattern+`)$`).MatchString(value) {
		r.wrong = append(r.wrong, fmt.Sprintf("%s=%.80q is not %s", name, value, what))
	}
	return value
}

func (r *reader) endpoint(name string) string {
	value := r.getenv(name)
	u, err := url.Parse(value)
	if value != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil) {
		r.wrong = append(r.wrong, name+" is not a URL such as http://127.0.0.1:4566")
	}
	return value
}
