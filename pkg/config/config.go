// Package config reads what the environment says, and checks it before anything is
// started. It knows the variables' names and forms; package cloud knows what they are
// for. Errors name the variable and never show the value of a secret.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
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
}

// ReadIngest reads the settings of the ingest function. Its error is one line that
// names every variable that is missing or bad.
func ReadIngest(getenv func(string) string) (Ingest, error) {
	r := reader{getenv: getenv}
	c := Ingest{
		AWS: AWS{
			Region:          r.match("AWS_REGION", `[a-z]{2}(-[a-z]+)+-\d`, "a region such as eu-central-1"),
			AccessKeyID:     r.required("AWS_ACCESS_KEY_ID"),
			SecretAccessKey: r.required("AWS_SECRET_ACCESS_KEY"),
			SessionToken:    getenv("AWS_SESSION_TOKEN"),
			Endpoint:        r.endpoint("AWS_ENDPOINT_URL"),
		},
		Table:     r.match("TABLE_NAME", `[a-zA-Z0-9_.-]{3,255}`, "the name of a DynamoDB table"),
		Bucket:    r.match("BUCKET_NAME", `[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`, "the name of an S3 bucket"),
		FleetKeys: r.match("FLEET_KEYS_SECRET", `[a-zA-Z0-9/_+=.@:-]+`, "the name or ARN of a secret"),
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
