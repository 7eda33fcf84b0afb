package foldercheck

import (
	"strings"
	"testing"
)

func TestALittleDiskSpaceIsTooLittle(t *testing.T) {
	if err := enough(leastFree - 1); err == nil || !strings.Contains(err.Error(), "1023 MiB are free: make room") {
		t.Error(err)
	}
	if err := enough(leastFree); err != nil {
		t.Error(err)
	}
}
