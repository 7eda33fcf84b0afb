package cloud

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"trunkline/pkg/token"
)

// Secret is the secret in AWS Secrets Manager that holds the fleet keys.
type Secret struct {
	client *secretsmanager.Client
	id     string
}

// NewSecret returns the secret with an id: its name or ARN.
func NewSecret(client *secretsmanager.Client, id string) *Secret { return &Secret{client, id} }

// Keyring reads the keys, for signing and verifying.
func (s *Secret) Keyring(ctx context.Context) (*token.Keyring, error) {
	text, _, err := s.Current(ctx)
	if err != nil {
		return nil, err
	}
	return token.ParseSecret(text)
}

// Current returns the text of the secret's current version, and the id of that version. Never
// print the text.
func (s *Secret) Current(ctx context.Context) (text []byte, version string, err error) {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.id})
	if err != nil {
		return nil, "", fmt.Errorf("read the secret of the fleet keys: %w", err)
	}
	return []byte(aws.ToString(out.SecretString)), aws.ToString(out.VersionId), nil
}

// Read reads the keys in a form that can be changed.
func (s *Secret) Read(ctx context.Context) (*token.Secrets, error) {
	text, _, err := s.Current(ctx)
	if err != nil {
		return nil, err
	}
	return token.ReadJSON(text)
}

// The stages of a secret's versions: the current one, and one that shall become current.
const (
	stageCurrent = "AWSCURRENT"
	stagePending = "AWSPENDING"
)

// Change changes the keys. If change fails, the keys stay as they are. Change first stores a
// pending version. It then makes that version current, if the version that was read is still
// current. This is one atomic step, so no concurrent change is lost.
func (s *Secret) Change(ctx context.Context, change func(*token.Secrets) error) error {
	text, version, err := s.Current(ctx)
	if err != nil {
		return err
	}
	keys, err := token.ReadJSON(text)
	if err != nil {
		return err
	}
	if err := change(keys); err != nil {
		return err
	}
	if text, err = keys.JSON(); err != nil {
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

// outcome returns the error of making a version current. If the answer was lost, it reads which
// version is current.
func (s *Secret) outcome(ctx context.Context, err error, was, next string) error {
	if err == nil {
		return nil
	}
	switch _, version, readErr := s.Current(ctx); {
	case readErr != nil:
		return fmt.Errorf("activate the new fleet keys: the outcome is unknown; look at the keys before you try again: %w", errors.Join(err, readErr))
	case version == next:
		return nil
	case version != was:
		return errors.New("the fleet keys were not changed, since somebody else changed them at the same time: look at the keys, and try again")
	}
	return fmt.Errorf("activate the new fleet keys: %w", err)
}

// unstage removes the pending label from a version. AWS then deletes the version if it is not current.
func (s *Secret) unstage(ctx context.Context, version *string) error {
	_, err := s.client.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &s.id, VersionStage: aws.String(stagePending), RemoveFromVersionId: version,
	})
	if err != nil {
		return fmt.Errorf("remove the label %s from the secret: %w", stagePending, err)
	}
	return nil
}
