package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// confirm asks the person at the terminal a question. It fails with refusal where nobody can be
// asked. A server does not ask again: its client has asked.
func (p *program) confirm(question, refusal string) error {
	if p.server != nil {
		return nil
	}
	if err := canAsk(refusal); err != nil {
		return err
	}
	return confirm(p.ctx, os.Stdin, p.errs, question+" [y/N] ")
}

// canAsk fails with refusal where no person is at the terminal.
func canAsk(refusal string) error {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New(refusal)
	}
	return nil
}

// confirm asks a question. It returns nil for the answers y and yes alone.
func confirm(ctx context.Context, in io.Reader, out io.Writer, question string) error {
	fmt.Fprint(out, question)
	answer := make(chan string, 1)
	go func() { // it may wait forever
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(out)
		return ctx.Err()
	case a := <-answer:
		if a == "y" || a == "yes" {
			return nil
		}
		return errors.New("nothing was deleted")
	}
}
