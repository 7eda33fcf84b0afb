package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"trunkline/pkg/token"
)

// secret is a secret in AWS Secrets Manager that holds the fleet keys.
type secret struct {
	client *secretsmanager.Client
	id     string
}

func openSecret(ctx context.Context, id string) (*secret, error) {
	settings, err := awsSettings(ctx)
	if err != nil {
		return nil, err
	}
	return &secret{secretsmanager.NewFromConfig(settings), id}, nil
}

func readSecret(ctx context.Context, id string) (*token.Keyring, error) {
	s, err := openSecret(ctx, id)
	if err != nil {
		return nil, err
	}
	text, _, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	return token.ParseSecret(text)
}

// current returns the version of the secret that counts, and its id.
func (s *secret) current(ctx context.Context) (text []byte, version string, err error) {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.id})
	if err != nil {
		return nil, "", fmt.Errorf("read the secret of the fleet keys: %w", err)
	}
	return []byte(aws.ToString(out.SecretString)), aws.ToString(out.VersionId), nil
}

// read implements keyStore.
func (s *secret) read(ctx context.Context) (*token.Secrets, error) {
	text, _, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	return token.ReadJSON(text)
}

// The stages of a secret's versions: the one that counts, and one that is to count next.
const (
	stageCurrent = "AWSCURRENT"
	stagePending = "AWSPENDING"
)

// change implements keyStore. A new version is put aside, and then made the one that counts
// where the one that was read still is: that is one step.
func (s *secret) change(ctx context.Context, change func(*token.Secrets) error) error {
	text, version, err := s.current(ctx)
	if err != nil {
		return err
	}
	keys, err := token.ReadJSON(text)
	if err == nil {
		err = change(keys)
	}
	if err == nil {
		text, err = keys.JSON()
	}
	if err != nil {
		return err
	}
	put, err := s.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: &s.id, SecretString: aws.String(string(text)), VersionStages: []string{stagePending},
	})
	if err != nil {
		return fmt.Errorf("put the fleet keys: %w", err)
	}
	_, err = s.client.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &s.id, VersionStage: aws.String(stageCurrent), RemoveFromVersionId: &version, MoveToVersionId: put.VersionId,
	})
	return errors.Join(s.outcome(ctx, err, version, aws.ToString(put.VersionId)), s.unstage(ctx, put.VersionId))
}

// outcome tells what became of the step that makes a version count: its answer may be lost.
func (s *secret) outcome(ctx context.Context, err error, was, next string) error {
	if err == nil {
		return nil
	}
	switch _, version, readErr := s.current(ctx); {
	case readErr != nil:
		return fmt.Errorf("make the new fleet keys count, which may have happened: %w", errors.Join(err, readErr))
	case version == next:
		return nil
	case version != was:
		return errors.New("somebody else has changed the fleet keys meanwhile: nothing was changed; look at them, and do it again")
	}
	return fmt.Errorf("make the new fleet keys count: %w", err)
}

// unstage has a version wait no longer: one that does not count then will be dropped by AWS.
func (s *secret) unstage(ctx context.Context, version *string) error {
	_, err := s.client.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &s.id, VersionStage: aws.String(stagePending), RemoveFromVersionId: version,
	})
	if err != nil {
		return fmt.Errorf("take the label %s off: %w", stagePending, err)
	}
	return nil
}
