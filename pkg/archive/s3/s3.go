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

// Bucket is an archive.Bucket on S3.
type Bucket struct {
	client *s3.Client
	name   string
}

// New makes a Bucket of the S3 bucket of that name.
func New(client *s3.Client, name string) *Bucket { return &Bucket{client, name} }

// Put implements archive.Bucket.
func (b *Bucket) Put(ctx context.Context, name string, body []byte) error {
	if err := archive.CheckName(name); err != nil {
		return fmt.Errorf("put object: %w", err)
	}
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &name, Body: bytes.NewReader(body), ContentType: aws.String("application/json"),
	})
	if err != nil {
		return fmt.Errorf("put object %s: %w", name, err)
	}
	return nil
}

// Get implements archive.Bucket.
func (b *Bucket) Get(ctx context.Context, name string) ([]byte, error) {
	if err := archive.CheckName(name); err != nil {
		return nil, fmt.Errorf("get object: %w", err)
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &name})
	if _, missing := errors.AsType[*types.NoSuchKey](err); missing {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("get object %s: %w", name, err)
	}
	body, err := io.ReadAll(out.Body)
	if err := errors.Join(err, out.Body.Close()); err != nil {
		return nil, fmt.Errorf("get object %s: %w", name, err)
	}
	return body, nil
}

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

// List implements archive.Bucket.
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
			for _, object := range page.Contents {
				if name := aws.ToString(object.Key); !strings.HasSuffix(name, "/") && !yield(name, nil) {
					return
				}
			}
		}
	}
}
