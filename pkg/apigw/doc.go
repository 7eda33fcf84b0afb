// Package apigw lets an http.Handler answer the events of an API Gateway HTTP API,
// payload format 2.0. Source of the format: "AWS Lambda integrations for HTTP APIs" in
// the Amazon API Gateway developer guide.
//
// API Gateway delivers the decoded path. It is used unchanged, even if it has a double slash. The
// request's time and id are not used, since `sam local` never changes them.
package apigw
