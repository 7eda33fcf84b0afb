// Package s3 is an archive.Bucket on S3, and the only importer of its SDK.
//
// S3 tells that an object is missing only to those who may list the bucket; others get
// 403 Forbidden for it, which is an error here.
package s3
