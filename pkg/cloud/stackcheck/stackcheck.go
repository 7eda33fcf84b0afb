package stackcheck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/s3"
	"trunkline/pkg/cloud"
	"trunkline/pkg/cloud/stack"
	"trunkline/pkg/doctor"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/token"
)

// checkup is a checkup of an environment in AWS.
type checkup struct {
	*doctor.Checkup
	stack.Clients
}

// Run checks the parts of an environment in AWS that at names. If its Stack is set, the stack's
// outputs fill in the parts that are empty. Parts that stay empty are not checked.
func Run(ctx context.Context, to *doctor.Checkup, at stack.Site) {
	c := &checkup{Checkup: to}
	if !c.region(ctx) || !c.identity(ctx) || at.Stack != "" && !c.stack(ctx, &at) {
		return
	}
	stores := doctor.Stores{}
	if at.Table != "" && c.table(ctx, at.Table) {
		stores.Table = dynamo.New(c.Tables, at.Table)
		c.tableAccess(ctx, stores.Table, at.Table)
		c.Unreadable(ctx, store.New(stores.Table, c.Now))
	}
	if at.Bucket != "" && c.bucket(ctx, at.Bucket) {
		bucket := s3.New(c.Buckets, at.Bucket)
		c.bucketAccess(ctx, bucket, at.Bucket)
		c.Quarantine(ctx, bucket)
		stores.Bucket, stores.Remove, stores.Buffer = bucket, bucket.Delete, at.Buffer
	}
	var keys *token.Keyring
	if at.Secret != "" {
		keys = c.Keys(ctx, func(ctx context.Context) (*token.Keyring, error) { return c.signable(ctx, at.Secret) })
	}
	if at.URL != "" {
		c.Delivery(ctx, at.URL, keys, stores)
	}
}

// region checks the settings for AWS, and makes the clients.
func (c *checkup) region(ctx context.Context) bool {
	return c.Check(ctx, "region", func(ctx context.Context) (found string, err error) {
		if c.Clients, err = stack.NewClients(ctx); err != nil {
			return "", doctor.Wrong("set AWS_REGION and AWS_PROFILE as for the AWS CLI", "%v", err)
		}
		return c.Region, nil
	})
}

// stack checks that the stack exists, and completes the site with its outputs.
func (c *checkup) stack(ctx context.Context, at *stack.Site) bool {
	return c.Check(ctx, "stack", func(ctx context.Context) (found string, err error) {
		*at, err = at.FromStack(ctx, c.Stacks)
		return at.Stack + " names its table, bucket, secret and URL", err
	})
}

// signable reads the fleet keys in a secret.
func (c *checkup) signable(ctx context.Context, id string) (*token.Keyring, error) {
	text, _, err := cloud.NewSecret(c.Secrets, id).Current(ctx)
	if err != nil {
		return nil, stack.Fault(err, "secretsmanager:GetSecretValue", "the secret "+id)
	}
	keys, err := token.ParseSecret(text)
	if err != nil {
		return nil, doctor.Wrong("restore its previous version in the console of Secrets Manager", "%v", err)
	}
	return keys, nil
}

// identity checks whose credentials these are, and compares the clock with AWS's.
func (c *checkup) identity(ctx context.Context) bool {
	var theirs time.Time
	known := c.Check(ctx, "identity", func(ctx context.Context) (string, error) {
		out, err := c.Identity.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", stack.Fault(err, "sts:GetCallerIdentity", "AWS")
		}
		theirs, _ = awsmiddleware.GetServerTime(out.ResultMetadata)
		return aws.ToString(out.Arn), nil
	})
	if known && !theirs.IsZero() {
		c.Clock(ctx, "clock", "AWS's", theirs)
	}
	return known
}

// table checks how a table is set up. It returns false if further checks make no sense.
func (c *checkup) table(ctx context.Context, name string) bool {
	var table *dynamotypes.TableDescription
	if !c.Check(ctx, "table", func(ctx context.Context) (string, error) {
		out, err := c.Tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			return "", stack.Fault(err, "dynamodb:DescribeTable", "the table "+name)
		}
		table = out.Table
		switch table.TableStatus {
		case dynamotypes.TableStatusActive, dynamotypes.TableStatusUpdating:
			return name, keySchema(table)
		}
		return "", doctor.Wrong("wait, or look at it in the console", "the table %s is %s", name, table.TableStatus)
	}) {
		return false
	}
	c.tableExpiry(ctx, name)
	c.tableBackups(ctx, name)
	c.Check(ctx, "table deletion", func(context.Context) (string, error) {
		if !aws.ToBool(table.DeletionProtectionEnabled) {
			return "", doctor.Wrong("run `aws dynamodb update-table --table-name "+name+" --deletion-protection-enabled`",
				"the table may be deleted by mistake")
		}
		return "protected", nil
	})
	return true
}

func (c *checkup) tableExpiry(ctx context.Context, name string) {
	c.Check(ctx, "table expiry", func(ctx context.Context) (string, error) {
		out, err := c.Tables.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
		if err != nil {
			return "", stack.Fault(err, "dynamodb:DescribeTimeToLive", "the table "+name)
		}
		ttl := out.TimeToLiveDescription
		if ttl == nil || aws.ToString(ttl.AttributeName) != "expires" ||
			ttl.TimeToLiveStatus != dynamotypes.TimeToLiveStatusEnabled && ttl.TimeToLiveStatus != dynamotypes.TimeToLiveStatusEnabling {
			return "", doctor.Wrong("run `aws dynamodb update-time-to-live --table-name "+name+
				" --time-to-live-specification Enabled=true,AttributeName=expires`", "expired items are kept forever")
		}
		return "by the attribute expires", nil
	})
}

func (c *checkup) tableBackups(ctx context.Context, name string) {
	c.Check(ctx, "table backups", func(ctx context.Context) (string, error) {
		out, err := c.Tables.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
		if err != nil {
			return "", stack.Fault(err, "dynamodb:DescribeContinuousBackups", "the table "+name)
		}
		b := out.ContinuousBackupsDescription
		if b == nil || b.PointInTimeRecoveryDescription == nil ||
			b.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus != dynamotypes.PointInTimeRecoveryStatusEnabled {
			return "", doctor.Wrong("run `aws dynamodb update-continuous-backups --table-name "+name+
				" --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`", "point-in-time recovery is off")
		}
		return "point-in-time recovery is on", nil
	})
}

// keySchema checks that the table's keys are those of the records.
func keySchema(table *dynamotypes.TableDescription) error {
	types := map[string]dynamotypes.ScalarAttributeType{}
	for _, a := range table.AttributeDefinitions {
		types[aws.ToString(a.AttributeName)] = a.AttributeType
	}
	var found string
	for _, k := range table.KeySchema {
		name := aws.ToString(k.AttributeName)
		found += fmt.Sprintf("%s %s %s, ", name, types[name], k.KeyType)
	}
	if found != "pk S HASH, sk S RANGE, " {
		return doctor.Wrong("use the table that the stack's output TableName names", "this table's keys are not those of Trunkline's records")
	}
	return nil
}

func (c *checkup) tableAccess(ctx context.Context, table store.Table, name string) {
	c.Check(ctx, "table access", func(ctx context.Context) (string, error) {
		const actions = "dynamodb:"
		return "items are read, written and deleted", allowed("the table "+name,
			attempt{actions + "GetItem", func() error {
				_, err := table.Get(ctx, store.Key{PK: string(doctor.TestMAC), SK: "DEVICE"})
				if errors.Is(err, store.ErrNotFound) {
					return nil
				}
				return err
			}},
			attempt{actions + "Query", func() error {
				for _, err := range table.Query(ctx, store.Range{PK: string(doctor.TestMAC), Limit: 1}) {
					return err
				}
				return nil
			}},
			attempt{actions + "PutItem", func() error { return store.New(table, c.Now).Ping(ctx) }},
			attempt{actions + "DeleteItem", func() error { return store.New(table, c.Now).Forget(ctx, doctor.TestMAC) }})
	})
}

// bucket checks how a bucket is set up. It returns false if further checks make no sense.
func (c *checkup) bucket(ctx context.Context, name string) bool {
	if !c.Check(ctx, "bucket", func(ctx context.Context) (string, error) {
		_, err := c.Buckets.HeadBucket(ctx, &awss3.HeadBucketInput{Bucket: &name})
		if err != nil {
			return "", stack.Fault(err, "s3:ListBucket", "the bucket "+name)
		}
		return name, nil
	}) {
		return false
	}
	c.Check(ctx, "bucket privacy", func(ctx context.Context) (string, error) {
		out, err := c.Buckets.GetPublicAccessBlock(ctx, &awss3.GetPublicAccessBlockInput{Bucket: &name})
		if err != nil && stack.ErrorCode(err) != "NoSuchPublicAccessBlockConfiguration" {
			return "", stack.Fault(err, "s3:GetBucketPublicAccessBlock", "the bucket "+name)
		}
		if out == nil || out.PublicAccessBlockConfiguration == nil || !blocksAll(out) {
			return "", doctor.Wrong("run `aws s3api put-public-access-block --bucket "+name+" --public-access-block-configuration "+
				"BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`", "public access is not blocked")
		}
		return "public access is blocked", nil
	})
	c.Check(ctx, "bucket cipher", func(ctx context.Context) (string, error) {
		out, err := c.Buckets.GetBucketEncryption(ctx, &awss3.GetBucketEncryptionInput{Bucket: &name})
		if err != nil && stack.ErrorCode(err) != "ServerSideEncryptionConfigurationNotFoundError" {
			return "", stack.Fault(err, "s3:GetEncryptionConfiguration", "the bucket "+name)
		}
		if err != nil || out.ServerSideEncryptionConfiguration == nil || len(out.ServerSideEncryptionConfiguration.Rules) == 0 {
			return "", doctor.Wrong("run `aws s3api put-bucket-encryption --bucket "+name+" --server-side-encryption-configuration "+
				`'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'`+"`", "objects are not encrypted")
		}
		return "objects are encrypted", nil
	})
	return true
}

func blocksAll(out *awss3.GetPublicAccessBlockOutput) bool {
	c := out.PublicAccessBlockConfiguration
	return aws.ToBool(c.BlockPublicAcls) && aws.ToBool(c.IgnorePublicAcls) &&
		aws.ToBool(c.BlockPublicPolicy) && aws.ToBool(c.RestrictPublicBuckets)
}

// probe is the object that tests what is allowed in a bucket.
const probe = "doctor/probe.json"

func (c *checkup) bucketAccess(ctx context.Context, bucket archive.Bucket, name string) {
	c.Check(ctx, "bucket access", func(ctx context.Context) (string, error) {
		return "objects are listed, read, written and deleted", allowed("the bucket "+name,
			attempt{"s3:ListBucket", func() error {
				for _, err := range bucket.List(ctx, probe, "") {
					return err
				}
				return nil
			}},
			attempt{"s3:PutObject", func() error { return bucket.Put(ctx, probe, []byte("{}\n")) }},
			attempt{"s3:GetObject", func() error {
				_, err := bucket.Get(ctx, probe)
				if errors.Is(err, fs.ErrNotExist) {
					return nil // PutObject was denied
				}
				return err
			}},
			attempt{"s3:DeleteObject", func() error { return bucket.Delete(ctx, probe) }})
	})
}
