package doctor

import (
	"strings"
	"testing"
	"time"
)

func TestAnEventThatADeliveryStreamHoldsIsNoFault(t *testing.T) {
	now := time.Date(2026, 11, 26, 23, 58, 0, 0, time.UTC)
	if found, err := notYet(5*time.Minute, now); err != nil || !strings.Contains(found, "after 00:04:00 UTC in raw/kind=extensionstatus/dt=2026-11-27/") {
		t.Errorf("%s, %v", found, err)
	}
	if _, err := notYet(0, now); err == nil || !strings.Contains(err.Error(), "not in this archive") {
		t.Errorf("without streams: %v", err)
	}
}
