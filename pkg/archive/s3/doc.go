// Package s3 is an archive.Bucket on S3, and the only importer of its SDK.
//
// S3 reports a missing object only to callers that may list the bucket. Others get 403 Forbidden,
// which is an error here.
package s3
