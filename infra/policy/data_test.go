package policy

import (
	"fmt"
	"slices"
	"strings"
)

// keeping has, by type of resource, the check that what the resource keeps is encrypted. A type
// that keeps nothing, or that AWS always encrypts, has none.
func keeping() map[string]func(resource) bool {
	return map[string]func(resource) bool{
		"AWS::DynamoDB::Table": func(r resource) bool { return r.get("SSESpecification", "SSEEnabled") == true },
		"AWS::S3::Bucket": func(r resource) bool {
			return len(list(r.get("BucketEncryption", "ServerSideEncryptionConfiguration"))) > 0
		},
		"AWS::SQS::Queue": func(r resource) bool {
			return r.get("SqsManagedSseEnabled") == true || r.get("KmsMasterKeyId") != nil
		},
		// CloudWatch may not publish to a topic with the key that AWS has for topics.
		"AWS::SNS::Topic": func(r resource) bool { return names(r.get("KmsMasterKeyId")) != "" },
		"AWS::KMS::Key":   func(r resource) bool { return r.get("EnableKeyRotation") == true },
		"AWS::Athena::WorkGroup": func(r resource) bool {
			c := r.get("WorkGroupConfiguration")
			return get(c, "EnforceWorkGroupConfiguration") == true &&
				get(c, "ResultConfiguration", "EncryptionConfiguration", "EncryptionOption") != nil
		},
		"AWS::KinesisFirehose::DeliveryStream": func(r resource) bool {
			return r.get("DeliveryStreamEncryptionConfigurationInput", "KeyType") != nil
		},
		"AWS::ApiGatewayV2::ApiMapping": nil,
		"AWS::ApiGatewayV2::DomainName": nil,
		"AWS::Athena::NamedQuery":       nil,
		"AWS::CloudWatch::Alarm":        nil,
		"AWS::CloudWatch::Dashboard":    nil,
		"AWS::Glue::Database":           nil,
		"AWS::Glue::Table":              nil,
		"AWS::IAM::Policy":              nil,
		"AWS::IAM::Role":                nil,
		"AWS::Logs::LogGroup":           nil,
		"AWS::Logs::LogStream":          nil,
		"AWS::Logs::MetricFilter":       nil,
		"AWS::Route53::RecordSet":       nil,
		"AWS::S3::BucketPolicy":         nil,
		"AWS::SNS::TopicPolicy":         nil,
		"AWS::SQS::QueuePolicy":         nil,
		"AWS::SecretsManager::Secret":   nil,
		"AWS::Serverless::Application":  nil,
		"AWS::Serverless::Function":     nil,
		"AWS::Serverless::HttpApi":      nil,
	}
}

func encrypted(t template) (f findings) {
	for _, r := range t.resources {
		check, known := keeping()[r.kind]
		switch {
		case !known:
			f.add(r.name, "no rule knows %s: does it keep anything?", r.kind)
		case check != nil && !check(r):
			f.add(r.name, "is not encrypted")
		}
	}
	return f
}

func retained(t template) (f findings) {
	for _, r := range t.of("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret") {
		for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
			if get(r.whole, policy) != "Retain" {
				f.add(r.name, "%s is not Retain", policy)
			}
		}
	}
	for _, r := range t.of("AWS::DynamoDB::Table") {
		if r.get("DeletionProtectionEnabled") != true {
			f.add(r.name, "is not protected from deletion")
		}
		if r.get("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
			f.add(r.name, "can't be restored to a point in time")
		}
	}
	for _, r := range t.of("AWS::S3::Bucket") {
		if r.get("VersioningConfiguration") == nil {
			f.add(r.name, "has no versions")
		}
	}
	return f
}

// kept are the resources with data that can't be made again: those whose names functions receive.
func (t template) kept() []resource {
	told := map[string]bool{}
	for _, r := range t.functions() {
		variables, _ := r.get("Environment", "Variables").(map[string]any)
		for _, value := range variables {
			told[names(value)] = true
		}
	}
	return slices.DeleteFunc(t.of("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"), func(r resource) bool {
		return !told[r.name]
	})
}

// ageless holds the lifecycle of the archive. Objects under 128 KiB are no cheaper in a colder
// class, and may cost more.
func ageless(t template) (f findings) {
	for _, r := range t.kept() {
		for _, aging := range list(r.get("LifecycleConfiguration", "Rules")) {
			about := r.name + "." + textOf(get(aging, "Id"))
			old := slices.Contains([]string{"raw/", "quarantine/"}, textOf(get(aging, "Prefix")))
			for name := range aging.(map[string]any) {
				if strings.HasPrefix(name, "Expiration") && !(old && t.askedFor(get(aging, name))) {
					f.add(about, "%s would delete what was received", name)
				}
			}
			if get(aging, "Transitions") == nil {
				continue
			}
			if !old {
				f.add(about, "moves what is read, or to be handed on")
			}
			if fmt.Sprint(get(aging, "ObjectSizeGreaterThan")) != "131072" {
				f.add(about, "moves small objects")
			}
		}
	}
	return f
}

// askedFor reports whether a number of days is a parameter that is 0 unless an operator says
// otherwise.
func (t template) askedFor(days any) bool {
	return fmt.Sprint(get(t.parameters[names(days)], "Default")) == "0"
}

func private(t template) (f findings) {
	for _, r := range t.of("AWS::S3::Bucket") {
		for _, block := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
			if r.get("PublicAccessBlockConfiguration", block) != true {
				f.add(r.name, "%s is not set", block)
			}
		}
	}
	for _, r := range t.resources {
		for _, s := range r.allowed() {
			if principal := get(s, "Principal"); principal == "*" || slices.Contains(list(get(principal, "AWS")), any("*")) {
				f.add(r.name, "anybody may do %v", get(s, "Action"))
			}
		}
		if r.get("FunctionUrlConfig") != nil {
			f.add(r.name, "has a URL of its own")
		}
	}
	return f
}

func overTLS(t template) (f findings) {
	guarded := map[string]bool{}
	for _, r := range t.of("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy") {
		if slices.ContainsFunc(statements(r.get("PolicyDocument")), deniesPlain) {
			for _, member := range []string{"Bucket", "Queues", "Topics"} {
				for _, guardee := range list(r.get(member)) {
					guarded[names(guardee)] = true
				}
			}
		}
	}
	for _, r := range t.of("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic") {
		if !guarded[r.name] {
			f.add(r.name, "no policy denies what comes without TLS")
		}
	}
	for _, r := range t.of("AWS::ApiGatewayV2::DomainName") {
		for _, c := range list(r.get("DomainNameConfigurations")) {
			if get(c, "SecurityPolicy") != "TLS_1_2" {
				f.add(r.name, "takes less than TLS 1.2")
			}
		}
	}
	return f
}

func deniesPlain(statement any) bool {
	return get(statement, "Effect") == "Deny" && get(statement, "Principal") == "*" &&
		get(statement, "Condition", "Bool", "aws:SecureTransport") == "false"
}
