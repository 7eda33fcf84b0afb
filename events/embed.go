// Package events holds events as AWS hands them to functions, for any test to read.
//
// apigw_*.json are requests in API Gateway's payload format 2.0, in the shape that "AWS
// Lambda integrations for HTTP APIs" in its developer guide gives. The last segment of
// their paths is the word TOKEN, in whose place a test puts a token that it signed.
// Bodies are those of package testdata where it has one. AWS sends all but
// apigw_bad_base64.json, whose body is not what it announces.
//
// schedule.json is the input that the template gives to the schedule, and sqs_due.json a
// message of SQS, in the shape that "Using Lambda with Amazon SQS" gives.
package events

import "embed"

// FS is this folder.
//
//go:embed *.json
var FS embed.FS
