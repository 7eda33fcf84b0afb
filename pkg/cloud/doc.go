// Package cloud connects the use cases to AWS: it makes the SDK's clients, and reads the fleet
// keys from Secrets Manager.
//
// Region and credentials come from the environment that Lambda sets. The SDK's config package is
// not used, since its start takes as long as everything else together. What it would set is set
// here: the endpoint of a stand-in for AWS, and when S3 verifies checksums.
package cloud
