// Package stackcheck checks an environment in AWS, with the checks of package doctor and its
// own: region, identity, the stack's outputs, how table and bucket are set up, and what the
// operator may do with them. Its faults name the command of the AWS CLI that corrects them.
package stackcheck
