// Package cloud connects the use cases to AWS: it makes the SDK's clients, and reads
// the fleet keys from Secrets Manager.
//
// Region and credentials come from the environment that Lambda sets, without the SDK's
// config package, whose start costs as much as all the rest. So what that package would
// have set is set here: the endpoint of a stand-in for AWS, and when S3 checks sums.
package cloud
