package main

import (
	"io"

	"github.com/schollz/progressbar/v3"
)

// newBar shows people at a terminal how far a command has come, of total steps.
func newBar(p *program, total int, wanted bool) *progressbar.ProgressBar {
	out := io.Discard
	if wanted && p.terminal {
		out = p.errs
	}
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(out), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
}
