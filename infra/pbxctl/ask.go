package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"

	"trunkline/infra/pbxctl/terminal"
)

// confirm asks the person at the terminal a question. It fails with refusal where nobody can be
// asked. A server does not ask again: its client has asked.
func (p *program) confirm(question, refusal string) error {
	if p.server != nil {
		return nil
	}
	if err := terminal.CanAsk(refusal); err != nil {
		return err
	}
	return terminal.Confirm(p.ctx, os.Stdin, p.errs, question)
}

// newBar shows people at a terminal how far a command has come, of total steps; 0: it is told later.
func newBar(p *program, total int, wanted bool) *progressbar.ProgressBar {
	if !wanted || !p.terminal {
		return terminal.Bar(io.Discard, total)
	}
	return terminal.Bar(p.errs, total)
}
