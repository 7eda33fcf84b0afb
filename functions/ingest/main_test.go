package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain lets the test run main in another process.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_MAIN") == "1" {
		main()
	}
	os.Exit(m.Run())
}

func TestABadEnvironmentStopsTheStartAndIsNamed(t *testing.T) {
	complete := []string{
		"RUN_MAIN=1", "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=not-a-secret",
		"TABLE_NAME=records", "BUCKET_NAME=archive", "FLEET_KEYS_SECRET=keys",
	}
	for _, bad := range []string{"TABLE_NAME=", "BUCKET_NAME=Upper", "AWS_ENDPOINT_URL=nowhere"} {
		c := exec.Command(os.Args[0])
		c.Env = append(complete, bad)
		var out, errs bytes.Buffer
		c.Stdout, c.Stderr = &out, &errs
		err := c.Run()
		name, _, _ := strings.Cut(bad, "=")
		if c.ProcessState.ExitCode() != 1 || out.Len() != 0 || !strings.HasPrefix(errs.String(), "ingest: environment: "+name) || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%s: %v, %q, %q", bad, err, &out, &errs)
		}
	}
}
