// Package terminal is for the person at a terminal: it asks questions, and shows how far a long
// command has come. It knows no commands.
package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Is reports whether a writer is a terminal.
func Is(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// CanAsk fails with refusal where no person is at the terminal.
func CanAsk(refusal string) error {
	if !Is(os.Stdin) {
		return errors.New(refusal)
	}
	return nil
}

// Confirm asks a question. It returns nil for the answers y and yes alone.
func Confirm(ctx context.Context, in io.Reader, out io.Writer, question string) error {
	fmt.Fprint(out, question+" [y/N] ")
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

// Wait waits for a time, and says until when. It shows a person how much is left.
func Wait(ctx context.Context, out io.Writer, person bool, left time.Duration, until string) error {
	end, tick := time.NewTimer(left), time.NewTicker(time.Second)
	defer end.Stop()
	defer tick.Stop()
	fmt.Fprintf(out, "Waiting %v %s.\n", left, until)
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait %s: %w", until, ctx.Err())
		case <-end.C:
			return nil
		case <-tick.C:
			if left -= time.Second; person {
				fmt.Fprintf(out, "\r%v left \r", left)
			}
		}
	}
}

// Bar shows how far a command has come, of total steps; 0: ChangeMax sets it later.
func Bar(out io.Writer, total int) *progressbar.ProgressBar {
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(out), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
}
