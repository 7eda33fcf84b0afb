// Package config reads the environment variables, and checks them before anything starts. It knows
// their names and forms; package cloud knows their use. Errors name the variable, and never contain
// a secret.
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

// AWS is how to reach AWS. Lambda sets everything except Endpoint.
type AWS struct {
	Region          string
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // empty for keys that do not expire
	Endpoint        string // the URL of a stand-in for AWS; empty: AWS itself
}

// Archive is where events are archived.
type Archive struct {
	Bucket string // BUCKET_NAME, the S3 bucket
	// Streams is ARCHIVE_STREAMS, how the names of the delivery streams begin that events go through,
	// if ARCHIVE=firehose. It is empty if events go to the bucket directly: if ARCHIVE is direct, which
	// is the default, or draining.
	Streams string
}

// Ingest is the settings of the ingest function.
type Ingest struct {
	AWS
	Archive
	Table     string // TABLE_NAME, the DynamoDB table
	FleetKeys string // FLEET_KEYS_SECRET, the name or ARN of the secret
	Metrics   string // METRICS_NAMESPACE, the namespace in CloudWatch; default: Trunkline
	// RecordDays is RECORD_DAYS, the number of days that call records are kept, from
	// store.LeastDays to store.MostDays. 0, the default, keeps them forever.
	RecordDays int
	// LogAll is whether each delivery is a line of the log (LOG_DELIVERIES=all), or only a remarkable
	// one, which is the default.
	LogAll bool
}

// Schedule says when days close.
type Schedule struct {
	DefaultZone pbx.Zone      // DEFAULT_ZONE, of PBXs whose zone is neither registered nor inferred; default: UTC
	Grace       time.Duration // GRACE_MINUTES, the time from the end of a day until it closes; default: 15
}

// DefaultSchedule returns the schedule that applies if nothing is configured.
func DefaultSchedule() Schedule { return Schedule{DefaultZone: pbx.UTC, Grace: 15 * time.Minute} }

// Rollup is the settings of the rollup function.
type Rollup struct {
	AWS
	Archive
	Table   string // TABLE_NAME, the DynamoDB table
	Queue   string // QUEUE_URL, the SQS queue of tasks
	Metrics string // METRICS_NAMESPACE, as in Ingest
	// RecordDays is RECORD_DAYS, as in Ingest.
	RecordDays int
	Schedule
}

// ReadRollup reads the settings of the rollup function; see ReadIngest.
func ReadRollup(getenv func(string) string) (Rollup, error) {
	r := reader{getenv: getenv}
	c := Rollup{
		AWS: r.aws(), Archive: r.archive(), Table: r.table(), Queue: r.match("QUEUE_URL", `https?://\S+`, "the URL of an SQS queue"),
		Metrics: r.namespace(), RecordDays: r.recordDays(), Schedule: r.schedule(),
	}
	return c, r.err()
}

// ReadSchedule reads the settings of a program that runs the schedule itself; see ReadIngest.
func ReadSchedule(getenv func(string) string) (Schedule, error) {
	r := reader{getenv: getenv}
	s := r.schedule()
	return s, r.err()
}

// ReadRecordDays reads RECORD_DAYS, for a program that only works with records; see ReadIngest.
func ReadRecordDays(getenv func(string) string) (int, error) {
	r := reader{getenv: getenv}
	days := r.recordDays()
	return days, r.err()
}

// ReadIngest reads the settings of the ingest function. Its error is one line that names every
// variable that is missing or invalid.
func ReadIngest(getenv func(string) string) (Ingest, error) {
	r := reader{getenv: getenv}
	c := Ingest{
		AWS: r.aws(), Archive: r.archive(), Table: r.table(),
		FleetKeys: r.match("FLEET_KEYS_SECRET", `[a-zA-Z0-9/_+=.@:-]+`, "the name or ARN of a secret"),
		Metrics:   r.namespace(), RecordDays: r.recordDays(), LogAll: r.logAll(),
	}
	return c, r.err()
}

// reader reads variables, and collects what is wrong with them.
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

func (r *reader) archive() Archive {
	a := Archive{Bucket: r.bucket()}
	switch mode := r.getenv("ARCHIVE"); mode {
	case "firehose":
		a.Streams = r.match("ARCHIVE_STREAMS", `[a-zA-Z0-9_.-]{1,49}`, "how the names of delivery streams begin")
	case "", "direct", "draining":
	default:
		r.wrong = append(r.wrong, fmt.Sprintf("ARCHIVE=%.80q is neither firehose, nor direct, nor draining", mode))
	}
	return a
}

// namespace reads a namespace of CloudWatch. Two deployments must not share one, since CloudWatch
// would add up their numbers.
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

// minutes is the range of a variable, from 0.
type minutes struct {
	unset int // the value of an empty variable
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

// recordDays reads how long records are kept.
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

// logAll reads whether each delivery is logged.
func (r *reader) logAll() bool {
	value := r.getenv("LOG_DELIVERIES")
	switch value {
	case "", "remarkable", "all":
	default:
		r.wrong = append(r.wrong, fmt.Sprintf("LOG_DELIVERIES=%.80q is neither remarkable nor all", value))
	}
	return value == "all"
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
