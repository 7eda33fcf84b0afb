package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// newBar shows people at a terminal how far a command is.
func newBar(p *program, total int, wanted bool) *progressbar.ProgressBar {
	out := io.Discard
	if f, ok := p.errs.(*os.File); ok && wanted && term.IsTerminal(int(f.Fd())) {
		out = f
	}
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(out), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
}
