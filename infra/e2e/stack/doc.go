// Package stack makes the stores of template.yaml in a stand-in for AWS that has no HTTP
// APIs and runs no functions: CloudFormation is given the template itself, from which only
// what can't be made there was cut.
package stack
