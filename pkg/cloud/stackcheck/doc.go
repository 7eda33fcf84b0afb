// Package stackcheck checks an environment in AWS. It runs the checks of package doctor, and
// checks the region, the identity and the stack's outputs. It also checks how table and bucket
// are set up, and what the operator may do with them. Its faults name the command of the AWS CLI
// that corrects them.
package stackcheck
