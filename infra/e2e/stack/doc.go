// Package stack creates the stores of template.yaml in a stand-in for AWS that has no HTTP
// APIs and runs no functions. CloudFormation receives the template itself, without what the
// stand-in can't create.
package stack
