package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"trunkline/pkg/archive"
	"trunkline/pkg/each"
	"trunkline/pkg/pbx"
	"trunkline/pkg/replay"
	"trunkline/pkg/store"
)

type quarantineCommands struct {
	List    quarantineListCommand    `cmd:"" help:"List the events that were refused, or can't be recorded."`
	Show    quarantineShowCommand    `cmd:"" help:"Show one of them whole."`
	Release quarantineReleaseCommand `cmd:"" help:"Record events that were refused, once what kept them out is put right."`
	Discard quarantineDiscardCommand `cmd:"" help:"Delete events that were refused, for good."`
}

type quarantineListCommand struct {
	MAC  pbx.MAC `name:"mac" help:"Only this PBX." placeholder:"MAC"`
	From pbx.Day `help:"Only what was received from this UTC day on." placeholder:"DAY"`
	To   pbx.Day `help:"Only what was received until the end of this UTC day." placeholder:"DAY"`
	where
	JSON bool `name:"json" help:"One JSON object per line."`
}

// Help is the long form of the command's help.
func (quarantineListCommand) Help() string {
	return `The oldest days come first. BODY is how the body begins.

Examples:
  pbxctl quarantine list --data ./data
  pbxctl quarantine list --mac 68692e0b0001 --from 2026-11-01 --stack trunkline --json`
}

// refused is an event in quarantine.
type refused struct {
	Name     string    `json:"name"`
	Received time.Time `json:"received,omitzero"`
	MAC      pbx.MAC   `json:"mac,omitempty"`
	Reason   string    `json:"reason"`
	Begins   string    `json:"body_begins"`
}

func (r refused) name() string { return r.Name }

// Run implements the command.
func (c *quarantineListCommand) Run(p *program) error {
	if err := daysInOrder(c.From, c.To); err != nil {
		return err
	}
	return c.readArchive(p, func(b archive.Bucket) error {
		return show(p, c.JSON, allRefused(p, b, archive.Quarantined{MAC: c.MAC, First: c.From, Last: c.To}), refusedColumns, "Nothing is in quarantine.")
	})
}

func daysInOrder(first, last pbx.Day) error {
	if last != 0 && last < first {
		return unclear("--from %s is after --to %s", first, last)
	}
	return nil
}

// allRefused yields the selected events. An object that can't be read is an
// *each.Bad.
func allRefused(p *program, b archive.Bucket, q archive.Quarantined) iter.Seq2[refused, error] {
	return each.Map(p.ctx, q.Names(p.ctx, b), each.Text, func(ctx context.Context, name string) (refused, error) {
		object, err := b.Get(ctx, name)
		if errors.Is(err, fs.ErrNotExist) { // released meanwhile
			err = each.ErrNone
		}
		return newRefused(name, object), err
	})
}

func newRefused(name string, object []byte) refused {
	receipt, err := archive.ParseReceipt(object)
	if err != nil {
		return refused{Name: name, Reason: err.Error(), Begins: beginning(object)}
	}
	return refused{name, receipt.Received, receipt.MAC, receipt.Reason, beginning(receipt.Body)}
}

// beginning is how a body begins: 60 characters, on one line.
func beginning(body []byte) string {
	const characters = 60
	text := strings.Join(strings.Fields(string(body[:min(len(body), 10*characters)])), " ")
	if text == "" {
		return ""
	}
	runes := []rune(plain(text))
	return string(runes[:min(len(runes), characters)])
}

var refusedColumns = columns[refused]{
	[]string{"RECEIVED", "MAC", "REASON", "NAME", "BODY"},
	func(r refused) []string {
		return []string{clockOr(r.Received), string(r.MAC), r.Reason, r.Name, r.Begins}
	},
}

type quarantineShowCommand struct {
	Name string `arg:"" help:"As pbxctl quarantine list tells it."`
	where
	JSON bool `name:"json" help:"The envelope as it is archived."`
}

// Help is the long form of the command's help.
func (quarantineShowCommand) Help() string {
	return `Characters that could steer the terminal are shown as �; --json has the body exactly as
it was received (in body, or base64 in body_base64 where it is not UTF-8).

Example:
  pbxctl quarantine show quarantine/dt=2026-11-24/68692e0b0001-….json --data ./data`
}

// Run implements the command.
func (c *quarantineShowCommand) Run(p *program) error {
	if err := checkQuarantined(c.Name); err != nil {
		return err
	}
	return c.readArchive(p, func(b archive.Bucket) error {
		object, err := b.Get(p.ctx, c.Name)
		if err != nil {
			return notThere(c.Name, err)
		}
		receipt, err := archive.ParseReceipt(object)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		if c.JSON {
			_, err = fmt.Fprintf(p.out, "%s\n", bytes.TrimSpace(object))
			return err
		}
		return showReceipt(p.out, c.Name, receipt)
	})
}

func showReceipt(out io.Writer, name string, r archive.Receipt) error {
	const form = "Name      %s\nReceived  %s\nMAC       %s\nFrom      %s\nPlace     %d\nReason    %s\nBody      %d bytes\n\n"
	received := r.Received.UTC().Format("2006-01-02T15:04:05.000Z")
	fmt.Fprintf(out, form, name, received, plain(string(r.MAC)), plain(r.Remote), r.Index, plain(r.Reason), len(r.Body))
	for line := range strings.Lines(string(r.Body)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			line = plain(line)
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}

// checkQuarantined tells what is wrong with names that can't be those of quarantined events.
func checkQuarantined(names ...string) error {
	for _, name := range names {
		if err := archive.CheckName(name); err != nil {
			return err
		}
		if !strings.HasPrefix(name, archive.QuarantinePrefix) {
			return unclear("%.200s is not the name of an event in quarantine: that begins with %s", name, archive.QuarantinePrefix)
		}
	}
	return nil
}

// notThere says what it means that there is no object.
func notThere(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not in quarantine (any more): see pbxctl quarantine list", name)
	}
	return err
}

type quarantineReleaseCommand struct {
	Names  []string `arg:"" optional:"" name:"name" help:"As pbxctl quarantine list tells them."`
	All    bool     `help:"All that is in quarantine."`
	Reason string   `help:"With --all: only what was refused for a reason that has this text in it, in capitals or not." placeholder:"TEXT"`
	Since  pbx.Day  `help:"With --all: only what was received from this UTC day on." placeholder:"DAY"`
	MAC    pbx.MAC  `name:"mac" help:"With --all: only this PBX." placeholder:"MAC"`
	where
	showing
}

// Help is the long form of the command's help.
func (quarantineReleaseCommand) Help() string {
	return `An event is decoded again. Where that succeeds and its MAC is the PBX's own, or an alias of
it, the event is recorded and archived as if it had been let in when it was received. Where
not, it stays and is named, all others are released, and the exit code is 1. What an older
version of the decoder refused is tried again by itself, in the hours after an upgrade.

Examples:
  pbxctl quarantine release quarantine/dt=2026-11-24/68692e0b0001-….json --data ./data
  pbxctl quarantine release --all --reason 'names the MAC' --since 2026-11-20 --data ./data
  pbxctl quarantine release --all --mac 68692e0b0001 --stack trunkline`
}

// fate is what became of an event in quarantine.
type fate struct {
	Name string `json:"name"`
	Done bool   `json:"done"`
	Why  string `json:"why,omitempty"` // it was not done
}

// Run implements the command.
func (c *quarantineReleaseCommand) Run(p *program) error {
	switch {
	case c.All == (len(c.Names) > 0):
		return unclear("which events? Give their names, or --all")
	case !c.All && (c.MAC != "" || c.Reason != "" || c.Since != 0):
		return unclear("--reason, --since and --mac go with --all")
	}
	if err := checkQuarantined(c.Names...); err != nil {
		return err
	}
	return c.writeBoth(p, func(s *store.Store, b archive.Bucket) error {
		names := each.Of(c.Names...)
		if c.All {
			names = c.selected(p, b)
		}
		return settle(p, c.JSON, "released", names, func(name string) error {
			err := replay.Release(p.ctx, s, b, name)
			if err != nil && !errors.Is(err, replay.ErrHeld) && s.Ping(p.ctx) != nil {
				return each.Stop(err)
			}
			return err
		})
	})
}

// selected are the names of all that was asked for.
func (c *quarantineReleaseCommand) selected(p *program, b archive.Bucket) iter.Seq2[string, error] {
	part := archive.Quarantined{MAC: c.MAC, First: c.Since}
	if c.Reason == "" {
		return part.Names(p.ctx, b)
	}
	return each.Map(p.ctx, allRefused(p, b, part), refused.name, func(_ context.Context, r refused) (string, error) {
		if !strings.Contains(strings.ToLower(r.Reason), strings.ToLower(c.Reason)) {
			return "", each.ErrNone
		}
		return r.Name, nil
	})
}

// settle does something with each event, and tells what became of it.
func settle(p *program, asJSON bool, done string, names iter.Seq2[string, error], do func(name string) error) error {
	all := 0
	encoder := jsonLines(p.out)
	events := each.Loop[string]{Of: "quarantined events that were asked for", Name: each.Text[string]}
	err := events.Do(p.ctx, names, func(_ context.Context, name string) error {
		err := do(name)
		if each.Stops(err) {
			return err
		}
		f := fate{Name: name, Done: err == nil}
		all++
		if err != nil {
			f.Why = notThere(name, err).Error()
		}
		switch {
		case asJSON:
			encoder.Encode(f)
		case f.Done:
			fmt.Fprintf(p.out, "%s  %s\n", done, plain(name))
		default:
			fmt.Fprintf(p.out, "not %s  %s: %s\n", done, plain(name), plain(f.Why))
		}
		return err
	})
	if s, ok := errors.AsType[*each.Skipped](err); ok && s.Stopped == nil {
		return fmt.Errorf("%d of %d not %s: %w", s.Count, max(all, s.Count), done, err)
	}
	if err == nil && all == 0 && !asJSON {
		fmt.Fprintln(p.out, "Nothing is in quarantine.")
	}
	return err
}

type quarantineDiscardCommand struct {
	Names []string `arg:"" name:"name" help:"As pbxctl quarantine list tells them."`
	Yes   bool     `help:"Don't ask."`
	where
	JSON bool `name:"json" help:"One JSON object per line."`
}

// Help is the long form of the command's help.
func (quarantineDiscardCommand) Help() string {
	return `Of most events in quarantine there is no other copy.

Example:
  pbxctl quarantine discard quarantine/dt=2026-11-24/68692e0b0001-….json --data ./data`
}

// Run implements the command.
func (c *quarantineDiscardCommand) Run(p *program) error {
	if err := checkQuarantined(c.Names...); err != nil {
		return err
	}
	if !c.Yes {
		question := fmt.Sprintf("Delete for good: %d of those in quarantine?", len(c.Names))
		if err := p.confirm(question, "discarded events are gone for good: say --yes where nobody can be asked"); err != nil {
			return err
		}
	}
	return c.writeArchive(p, func(b archive.Bucket) error {
		return settle(p, c.JSON, "discarded", each.Of(c.Names...), func(name string) error {
			if _, err := b.Tag(p.ctx, name); err != nil {
				return err
			}
			return b.Delete(p.ctx, name)
		})
	})
}

// confirm asks the person at the terminal a question, or refuses where there is none. A server
// does not ask again what its client has asked.
func (p *program) confirm(question, refusal string) error {
	if p.server != nil {
		return nil
	}
	if err := canAsk(refusal); err != nil {
		return err
	}
	return confirm(p.ctx, os.Stdin, p.errs, question+" [y/N] ")
}

// canAsk refuses where there is no person at the terminal.
func canAsk(refusal string) error {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New(refusal)
	}
	return nil
}

// confirm asks a question that only y or yes answers with nil.
func confirm(ctx context.Context, in io.Reader, out io.Writer, question string) error {
	fmt.Fprint(out, question)
	answer := make(chan string, 1)
	go func() { // it may wait for ever
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
