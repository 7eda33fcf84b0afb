// Package stack finds and opens an environment in AWS for its operator: the stack's outputs name its
// table, bucket, secret and URL. Region and credentials are those of the AWS CLI (environment,
// profiles and roles). So it needs the SDK's package config, which no function may link.
//
// Fault turns an error of AWS into one that says what the operator has to do.
package stack
