package terminal_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trunkline/infra/pbxctl/terminal"
)

func TestOnlyYesConfirms(t *testing.T) {
	t.Parallel()
	for answer, sure := range map[string]bool{"y\n": true, "YES\n": true, "y": true, "n\n": false, "\n": false, "": false, "yy\n": false} {
		if err := terminal.Confirm(t.Context(), strings.NewReader(answer), io.Discard, "?"); (err == nil) != sure {
			t.Errorf("%q: %v", answer, err)
		}
	}
	silent, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := terminal.Confirm(ctx, silent, io.Discard, "?"); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestAFileIsNotATerminal(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if terminal.Is(file) || terminal.Is(io.Discard) {
		t.Error("a file is taken for a terminal")
	}
}
