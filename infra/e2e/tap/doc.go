// Package tap stands between a program and AWS, or a stand-in for it. It notes every call of
// the SDK and what the call costs, and makes a service fail as services do.
//
// It knows how requests to DynamoDB, S3, SQS and Secrets Manager look on the wire, and
// nothing of their senders. Signatures go through as they are, though the call may have
// been changed: a stand-in does not verify them, and AWS itself would refuse the call.
package tap
