package config

import (
	"maps"
	"strings"
	"testing"
)

func complete() map[string]string {
	return map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "not-a-secret",
		"TABLE_NAME": "trunkline-Records-1A2B", "BUCKET_NAME": "trunkline-archive-1a2b",
		"FLEET_KEYS_SECRET": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:keys-AbCdEf",
	}
}

func read(env map[string]string) (Ingest, error) {
	return ReadIngest(func(name string) string { return env[name] })
}

func TestAWholeEnvironmentIsRead(t *testing.T) {
	env := complete()
	maps.Copy(env, map[string]string{"AWS_SESSION_TOKEN": "t", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
	got, err := read(env)
	want := Ingest{
		AWS:   AWS{"eu-central-1", "id", "not-a-secret", "t", "http://127.0.0.1:4566"},
		Table: env["TABLE_NAME"], Bucket: env["BUCKET_NAME"], FleetKeys: env["FLEET_KEYS_SECRET"],
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhatMayBeLeftOutHasADefault(t *testing.T) {
	got, err := read(complete())
	if err != nil || got.Endpoint != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestABadVariableIsOneLineThatNamesIt(t *testing.T) {
	for name, bad := range map[string][]string{
		"AWS_REGION":            {"", "Frankfurt", "eu-central-1 "},
		"AWS_ACCESS_KEY_ID":     {""},
		"AWS_SECRET_ACCESS_KEY": {""},
		"TABLE_NAME":            {"", "a", "a/b", "a\nb"},
		"BUCKET_NAME":           {"", "Upper", "-x-", strings.Repeat("a", 64)},
		"FLEET_KEYS_SECRET":     {"", "a b", "ä"},
		"AWS_ENDPOINT_URL":      {"127.0.0.1:4566", "ftp://x", "http://", "http://user:secret@host", "\x7f"},
	} {
		for _, value := range bad {
			env := complete()
			env[name] = value
			_, err := read(env)
			if err == nil || !strings.HasPrefix(err.Error(), "environment: "+name) || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), "secret@") {
				t.Errorf("%s=%q: %v", name, value, err)
			}
		}
	}
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	_, err := read(nil)
	for name := range complete() {
		if err == nil || !strings.Contains(err.Error(), name+" is not set") {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}
