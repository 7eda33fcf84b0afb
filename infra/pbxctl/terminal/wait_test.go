package terminal_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trunkline/infra/pbxctl/terminal"
)

func TestAPersonSeesHowLongACommandWaits(t *testing.T) {
	for person, want := range map[bool]string{true: "\r1m30s left \r", false: ""} {
		synctest.Test(t, func(t *testing.T) {
			var out strings.Builder
			began := time.Now()
			if err := terminal.Wait(t.Context(), &out, person, 6*time.Minute, "until it is night"); err != nil || time.Since(began) != 6*time.Minute {
				t.Errorf("it waited %v, %v", time.Since(began), err)
			}
			if got := out.String(); !strings.HasPrefix(got, "Waiting 6m0s until it is night.\n") || !strings.Contains(got, want) || strings.Contains(got, "left") != person {
				t.Errorf("it shows %.200q", got)
			}
			ended, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := terminal.Wait(ended, &out, person, time.Hour, "in vain"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("it did not stop: %v", err)
			}
		})
	}
}
