package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"trunkline/pkg/archive"
	"trunkline/pkg/archive/s3"
	"trunkline/pkg/store"
	"trunkline/pkg/store/dynamo"
	"trunkline/pkg/token"
)

// site is where an environment in AWS is.
type site struct{ stack, table, bucket, secret, url string }

// cloud checks an environment in AWS, as far as it is named.
func (d *checkup) cloud(at site) {
	var settings aws.Config
	if !d.check("region", func(ctx context.Context) (found string, err error) {
		if settings, err = awsSettings(ctx); err != nil {
			return "", wrong("set AWS_REGION and AWS_PROFILE as for the AWS CLI", "%v", err)
		}
		return settings.Region, nil
	}) {
		return
	}
	if !d.identity(settings) || at.stack != "" && !d.check("stack", func(ctx context.Context) (found string, err error) {
		at, err = at.fromStack(ctx, cloudformation.NewFromConfig(settings))
		return at.stack + " names its table, bucket, secret and URL", err
	}) {
		return
	}
	var w witness
	var keys *token.Keyring
	if at.table != "" && d.table(dynamodb.NewFromConfig(settings), at.table) {
		w.table = dynamo.New(dynamodb.NewFromConfig(settings), at.table)
		d.tableAccess(w.table, at.table)
		d.unreadable(store.New(w.table, d.p.now))
	}
	if at.bucket != "" && d.bucket(newS3(settings), at.bucket) {
		bucket := s3.New(newS3(settings), at.bucket)
		d.bucketAccess(bucket, at.bucket)
		d.quarantine(bucket)
		w.bucket, w.remove = bucket, bucket.Delete
	}
	if at.secret != "" {
		keys = d.keys(func(ctx context.Context) (*token.Keyring, error) { return signable(ctx, at.secret) })
	}
	if at.url != "" {
		d.door(at.url, keys, w)
	}
}

// signable reads the fleet keys in a secret.
func signable(ctx context.Context, id string) (*token.Keyring, error) {
	s, err := openSecret(ctx, id)
	if err != nil {
		return nil, err
	}
	text, _, err := s.current(ctx)
	if err != nil {
		return nil, awsFault(err, "secretsmanager:GetSecretValue", "the secret "+id)
	}
	keys, err := token.ParseSecret(text)
	if err != nil {
		return nil, wrong("make its previous version count again, in the console of Secrets Manager", "%v", err)
	}
	return keys, nil
}

// identity checks whose credentials these are, and the clock by AWS's.
func (d *checkup) identity(settings aws.Config) bool {
	var theirs time.Time
	known := d.check("identity", func(ctx context.Context) (string, error) {
		out, err := sts.NewFromConfig(settings).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", awsFault(err, "sts:GetCallerIdentity", "AWS")
		}
		theirs, _ = awsmiddleware.GetServerTime(out.ResultMetadata)
		return aws.ToString(out.Arn), nil
	})
	if known && !theirs.IsZero() {
		d.clock("clock", "AWS's", theirs)
	}
	return known
}

// clockMayBeOff is how far a clock may be from another's: HTTP tells whole seconds, and
// takes its time.
const clockMayBeOff = 30 * time.Second

// clock checks this machine's clock by another one.
func (d *checkup) clock(check, whose string, theirs time.Time) {
	d.check(check, func(context.Context) (string, error) {
		off := d.p.now().Sub(theirs).Round(time.Second)
		if off.Abs() > clockMayBeOff {
			return "", wrong("have both machines set their clocks by NTP", "this machine's clock is %s off %s", off, whose)
		}
		return fmt.Sprintf("within %s of %s", clockMayBeOff, whose), nil
	})
}

// fromStack is the site with what the stack's outputs tell, where nothing else was said.
func (at site) fromStack(ctx context.Context, client *cloudformation.Client) (site, error) {
	out, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &at.stack})
	if err != nil {
		return at, awsFault(err, "cloudformation:DescribeStacks", "the stack "+at.stack)
	}
	if len(out.Stacks) != 1 {
		return at, wrong("deploy it with `make deploy`", "there is no stack %s in this region", at.stack)
	}
	outputs := map[string]string{}
	for _, o := range out.Stacks[0].Outputs {
		outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	for name, to := range map[string]*string{
		"TableName": &at.table, "BucketName": &at.bucket, "FleetKeysSecretArn": &at.secret, "ApiUrl": &at.url,
	} {
		if *to == "" {
			*to = outputs[name]
		}
		if *to == "" {
			return at, wrong("look at its events in CloudFormation, and deploy it again with `make deploy`",
				"%s is %s and has no output %s", at.stack, out.Stacks[0].StackStatus, name)
		}
	}
	return at, nil
}

// table checks how a table is made; false where there is no use in looking further.
func (d *checkup) table(client *dynamodb.Client, name string) bool {
	var table *dynamotypes.TableDescription
	if !d.check("table", func(ctx context.Context) (string, error) {
		out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			return "", awsFault(err, "dynamodb:DescribeTable", "the table "+name)
		}
		table = out.Table
		switch table.TableStatus {
		case dynamotypes.TableStatusActive, dynamotypes.TableStatusUpdating:
			return name, keySchema(table)
		}
		return "", wrong("wait, or look at it in the console", "the table %s is %s", name, table.TableStatus)
	}) {
		return false
	}
	d.tableExpiry(client, name)
	d.tableBackups(client, name)
	d.check("table deletion", func(context.Context) (string, error) {
		if !aws.ToBool(table.DeletionProtectionEnabled) {
			return "", wrong("run `aws dynamodb update-table --table-name "+name+" --deletion-protection-enabled`",
				"the table may be deleted by mistake")
		}
		return "protected", nil
	})
	return true
}

func (d *checkup) tableExpiry(client *dynamodb.Client, name string) {
	d.check("table expiry", func(ctx context.Context) (string, error) {
		out, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
		if err != nil {
			return "", awsFault(err, "dynamodb:DescribeTimeToLive", "the table "+name)
		}
		ttl := out.TimeToLiveDescription
		if ttl == nil || aws.ToString(ttl.AttributeName) != "expires" ||
			ttl.TimeToLiveStatus != dynamotypes.TimeToLiveStatusEnabled && ttl.TimeToLiveStatus != dynamotypes.TimeToLiveStatusEnabling {
			return "", wrong("run `aws dynamodb update-time-to-live --table-name "+name+
				" --time-to-live-specification Enabled=true,AttributeName=expires`", "what has expired is kept for ever")
		}
		return "by the attribute expires", nil
	})
}

func (d *checkup) tableBackups(client *dynamodb.Client, name string) {
	d.check("table backups", func(ctx context.Context) (string, error) {
		out, err := client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
		if err != nil {
			return "", awsFault(err, "dynamodb:DescribeContinuousBackups", "the table "+name)
		}
		b := out.ContinuousBackupsDescription
		if b == nil || b.PointInTimeRecoveryDescription == nil ||
			b.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus != dynamotypes.PointInTimeRecoveryStatusEnabled {
			return "", wrong("run `aws dynamodb update-continuous-backups --table-name "+name+
				" --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`", "point-in-time recovery is off")
		}
		return "point-in-time recovery is on", nil
	})
}

// keySchema tells whether a table's keys are those of the records.
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
		return wrong("give the one that the stack's output TableName names", "this table's keys are not those of Trunkline's records")
	}
	return nil
}

func (d *checkup) tableAccess(table store.Table, name string) {
	d.check("table access", func(ctx context.Context) (string, error) {
		const actions = "dynamodb:"
		return "items are read, written and deleted", allowed("the table "+name,
			attempt{actions + "GetItem", func() error {
				_, err := table.Get(ctx, store.Key{PK: string(doctorMAC), SK: "DEVICE"})
				if errors.Is(err, store.ErrNotFound) {
					return nil
				}
				return err
			}},
			attempt{actions + "Query", func() error {
				for _, err := range table.Query(ctx, store.Range{PK: string(doctorMAC), Limit: 1}) {
					return err
				}
				return nil
			}},
			attempt{actions + "PutItem", func() error { return store.New(table, d.p.now).Ping(ctx) }},
			attempt{actions + "DeleteItem", func() error { return store.New(table, d.p.now).Forget(ctx, doctorMAC) }})
	})
}

// bucket checks how a bucket is made; false where there is no use in looking further.
func (d *checkup) bucket(client *awss3.Client, name string) bool {
	if !d.check("bucket", func(ctx context.Context) (string, error) {
		_, err := client.HeadBucket(ctx, &awss3.HeadBucketInput{Bucket: &name})
		if err != nil {
			return "", awsFault(err, "s3:ListBucket", "the bucket "+name)
		}
		return name, nil
	}) {
		return false
	}
	d.check("bucket privacy", func(ctx context.Context) (string, error) {
		out, err := client.GetPublicAccessBlock(ctx, &awss3.GetPublicAccessBlockInput{Bucket: &name})
		if err != nil && errorCode(err) != "NoSuchPublicAccessBlockConfiguration" {
			return "", awsFault(err, "s3:GetBucketPublicAccessBlock", "the bucket "+name)
		}
		if out == nil || out.PublicAccessBlockConfiguration == nil || !blocksAll(out) {
			return "", wrong("run `aws s3api put-public-access-block --bucket "+name+" --public-access-block-configuration "+
				"BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`", "public access is not blocked")
		}
		return "public access is blocked", nil
	})
	d.check("bucket cipher", func(ctx context.Context) (string, error) {
		out, err := client.GetBucketEncryption(ctx, &awss3.GetBucketEncryptionInput{Bucket: &name})
		if err != nil && errorCode(err) != "ServerSideEncryptionConfigurationNotFoundError" {
			return "", awsFault(err, "s3:GetEncryptionConfiguration", "the bucket "+name)
		}
		if err != nil || out.ServerSideEncryptionConfiguration == nil || len(out.ServerSideEncryptionConfiguration.Rules) == 0 {
			return "", wrong("run `aws s3api put-bucket-encryption --bucket "+name+" --server-side-encryption-configuration "+
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

// probe is the object by which is checked what may be done in a bucket.
const probe = "doctor/probe.json"

func (d *checkup) bucketAccess(bucket archive.Bucket, name string) {
	d.check("bucket access", func(ctx context.Context) (string, error) {
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
					return nil // where it could not be put
				}
				return err
			}},
			attempt{"s3:DeleteObject", func() error { return bucket.Delete(ctx, probe) }})
	})
}
