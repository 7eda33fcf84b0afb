// Package streams writes infra/archive.yaml: the CloudFormation template of the delivery streams that
// events are archived through, one for each kind of package pbx. Their folders are those of package
// archive.
//
// The file is written again by go test ./infra/streams -update.
package streams
