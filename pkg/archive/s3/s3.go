package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"trunkline/pkg/archive"
)

// MaxObject is how many bytes an object may have.
const MaxObject = 64 << 20

// Bucket is an archive.Bucket on S3.
type Bucket struct {
	client *s3.Client
	name   string
}

// New makes a Bucket of the S3 bucket of that name. The client must retry, and must add a checksum
// to what it sends (RequestChecksumCalculationWhenSupported).
func New(client *s3.Client, name string) *Bucket { return &Bucket{client, name} }

// Put implements archive.Bucket.
func (b *Bucket) Put(ctx context.Context, name string, body []byte) error {
	return b.put(ctx, name, body, &s3.PutObjectInput{})
}

// Replace implements archive.Bucket.
func (b *Bucket) Replace(ctx context.Context, name string, body []byte, tag string) error {
	if tag == "" {
		return b.put(ctx, name, body, &s3.PutObjectInput{IfNoneMatch: aws.String("*")})
	}
	return b.put(ctx, name, body, &s3.PutObjectInput{IfMatch: &tag})
}

// put puts an object under the conditions of the input.
func (b *Bucket) put(ctx context.Context, name string, body []byte, in *s3.PutObjectInput) error {
	if err := archive.CheckName(name); err != nil {
		return fmt.Errorf("put object: %w", err)
	}
	if len(body) > MaxObject {
		return fmt.Errorf("put object %s: %w", name, errTooLarge)
	}
	in.Bucket, in.Key, in.Body, in.ContentType = &b.name, &name, bytes.NewReader(body), aws.String(contentType(name))
	_, err := b.client.PutObject(ctx, in)
	if conditional := in.IfMatch != nil || in.IfNoneMatch != nil; conditional && hasChanged(err) {
		err = archive.ErrChanged
	}
	if err != nil {
		return fmt.Errorf("put object %s: %w", name, err)
	}
	return nil
}

// hasChanged reports whether an answer means that an object does not meet a condition: it is
// another one, is missing, or is being written concurrently. The SDK has no types for these
// answers, and their statuses have other meanings, too.
func hasChanged(err error) bool {
	answer, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err)
	if !ok {
		return false
	}
	switch answer.ErrorCode() {
	case "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey":
		return true
	}
	return false
}

func contentType(name string) string {
	if strings.HasSuffix(name, ".parquet") {
		return "application/vnd.apache.parquet"
	}
	return "application/json"
}

// Tag implements archive.Bucket.
func (b *Bucket) Tag(ctx context.Context, name string) (string, error) {
	if err := archive.CheckName(name); err != nil {
		return "", fmt.Errorf("tag of object: %w", err)
	}
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &name})
	if _, missing := errors.AsType[*types.NotFound](err); missing {
		err = fs.ErrNotExist
	}
	if err != nil {
		return "", fmt.Errorf("tag of object %s: %w", name, err)
	}
	return aws.ToString(out.ETag), nil
}

// Get implements archive.Bucket.
func (b *Bucket) Get(ctx context.Context, name string) ([]byte, error) {
	out, err := b.get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("get object: %w", err)
	}
	body, err := read(out)
	if err != nil {
		return nil, fmt.Errorf("get object %s: %w", name, err)
	}
	return body, nil
}

// Open implements archive.Bucket. An object of any length is read.
func (b *Bucket) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	out, err := b.get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open object: %w", err)
	}
	return out.Body, nil
}

// get begins to read an object.
func (b *Bucket) get(ctx context.Context, name string) (*s3.GetObjectOutput, error) {
	if err := archive.CheckName(name); err != nil {
		return nil, err
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &name})
	if _, missing := errors.AsType[*types.NoSuchKey](err); missing {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

// read reads a body to its end, as its length says, and closes it.
func read(out *s3.GetObjectOutput) ([]byte, error) {
	defer out.Body.Close()
	if out.ContentLength == nil || *out.ContentLength > MaxObject {
		return nil, errTooLarge
	}
	return io.ReadAll(out.Body)
}

var errTooLarge = fmt.Errorf("the object has more than %d bytes, or an unknown length", MaxObject)

// Delete implements archive.Bucket.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	if err := archive.CheckName(name); err != nil {
		return fmt.Errorf("delete object: %w", err)
	}
	if _, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &name}); err != nil {
		return fmt.Errorf("delete object %s: %w", name, err)
	}
	return nil
}

// List implements archive.Bucket. Objects with names that archive.CheckName refuses are left out.
func (b *Bucket) List(ctx context.Context, prefix, after string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix}
		if after != "" {
			in.StartAfter = &after
		}
		pages := s3.NewListObjectsV2Paginator(b.client, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield("", fmt.Errorf("list objects: %w", err))
				return
			}
			if !yieldAll(ctx, page.Contents, yield) {
				return
			}
		}
	}
}

// yieldAll yields the names of a page, and reports whether to go on.
func yieldAll(ctx context.Context, page []types.Object, yield func(string, error) bool) bool {
	for _, object := range page {
		if err := ctx.Err(); err != nil {
			yield("", fmt.Errorf("list objects: %w", err))
			return false
		}
		if name := aws.ToString(object.Key); archive.CheckName(name) == nil && !yield(name, nil) {
			return false
		}
	}
	return true
}
