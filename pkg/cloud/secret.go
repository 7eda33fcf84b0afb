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

// NewSecret is the secret with an id: its name or ARN.
func NewSecret(client *secretsmanager.Client, id string) *Secret { return &Secret{client, id} }

// Keyring reads the keys, to sign and verify with them.
func (s *Secret) Keyring(ctx context.Context) (*token.Keyring, error) {
	text, _, err := s.Current(ctx)
	if err != nil {
		return nil, err
	}
	return token.ParseSecret(text)
}

// Current returns the text of the version of the secret that counts, which no one may print,
// and the id of that version.
func (s *Secret) Current(ctx context.Context) (text []byte, version string, err error) {
	out, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.id})
	if err != nil {
		return nil, "", fmt.Errorf("read the secret of the fleet keys: %w", err)
	}
	return []byte(aws.ToString(out.SecretString)), aws.ToString(out.VersionId), nil
}

// Read reads the keys as they are written down.
func (s *Secret) Read(ctx context.Context) (*token.Secrets, error) {
	text, _, err := s.Current(ctx)
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

// Change changes the keys; where change fails, they stay. A new version is put aside first.
// It is then made the one that counts, if the version that was read still counts: that is one
// step, so that no change of somebody else is lost.
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

// outcome tells what became of the step that makes a version count: its answer may be lost.
func (s *Secret) outcome(ctx context.Context, err error, was, next string) error {
	if err == nil {
		return nil
	}
	switch _, version, readErr := s.Current(ctx); {
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
func (s *Secret) unstage(ctx context.Context, version *string) error {
	_, err := s.client.UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{
		SecretId: &s.id, VersionStage: aws.String(stagePending), RemoveFromVersionId: version,
	})
	if err != nil {
		return fmt.Errorf("take the label %s off: %w", stagePending, err)
	}
	return nil
}
