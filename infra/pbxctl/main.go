// Pbxctl is the operator's program: it runs Trunkline on one machine, makes the URLs
// that PBXs are given, and reads what they sent.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"trunkline/infra/pbxctl/terminal"
	"trunkline/pkg/erase"
	"trunkline/pkg/kpi"
	"trunkline/pkg/local"
	"trunkline/pkg/local/control"
	"trunkline/pkg/local/server"
	"trunkline/pkg/pbx"
	"trunkline/pkg/rollup"
)

// commands are the commands of pbxctl, each in a file of its own.
type commands struct {
	ShowVersion versionFlag `name:"version" help:"Show which build of pbxctl this is."`

	Serve        serveCommand        `cmd:"" help:"Receive events on this machine."`
	Demo         demoCommand         `cmd:"" help:"Start a server, post the vendor's examples to it, and show what was stored."`
	Device       deviceCommands      `cmd:"" help:"Manage PBXs."`
	Names        namesCommands       `cmd:"" help:"Name queues, agents and numbers, with opening hours and targets."`
	Keys         keysCommands        `cmd:"" help:"List, rotate and retire the keys that sign PBXs' URLs."`
	Calls        callsCommand        `cmd:"" help:"Show the call records of a PBX."`
	IVR          ivrCommand          `cmd:"" name:"ivr" help:"Show the menus that callers of a PBX heard."`
	Extensions   extensionsCommand   `cmd:"" help:"Show the state of a PBX's extensions."`
	Rollup       rollupCommand       `cmd:"" help:"Compute the figures of days that have closed."`
	KPI          kpiCommands         `cmd:"" name:"kpi" help:"Show the figures of a PBX's day, and the calls behind them."`
	Completeness completenessCommand `cmd:"" help:"Show which calls of a day a PBX reported, and which may be missing."`
	Doctor       doctorCommands      `cmd:"" help:"Check an environment, and say what to do about each fault."`
	Spill        spillCommands       `cmd:"" help:"Show and redrive the events that one store keeps while the other is down."`
	Quarantine   quarantineCommands  `cmd:"" help:"Show, release and discard refused events."`
	Replay       replayCommand       `cmd:"" help:"Make records from archived events."`
	Find         findCommand         `cmd:"" help:"List what is kept of a caller's number."`
	Erase        eraseCommand        `cmd:"" help:"Remove a caller's number from all that is kept."`
	Live         liveCommand         `cmd:"" help:"Show a PBX's calls of the last day, and their states."`
	Version      versionCommand      `cmd:"" help:"Show which build of pbxctl this is."`
	Completion   completionCommand   `cmd:"" help:"Print a script that completes commands and flags in a shell."`
	Simulate     simulateCommands    `cmd:"" help:"Simulate PBXs that post events, and check the figures."`
}

// program is what all commands need.
type program struct {
	ctx    context.Context // ends when the program should end
	out    io.Writer       // for results
	errs   io.Writer       // for all other messages
	getenv func(string) string
	now    func() time.Time

	args     []string      // the command line
	dir      string        // of relative paths; empty: the process's folder
	home     string        // the folder that ~ means
	terminal bool          // errs is a terminal
	files    control.Files // all files but those of data folders
	// otherClock reports whether now is another clock than the machine's or the server's.
	otherClock bool
	server     *server.Server // in whose process the command runs; nil: in one of its own
}

func newProgram(ctx context.Context, out, errs io.Writer, getenv func(string) string, now func() time.Time) *program {
	p := &program{ctx: ctx, out: out, errs: errs, getenv: getenv, now: now, files: control.OwnFiles{}, terminal: terminal.Is(errs)}
	p.home, _ = os.UserHomeDir() // else ~ is a file's name
	return p
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(newProgram(ctx, os.Stdout, os.Stderr, os.Getenv, time.Now).run(os.Args[1:]))
}

// Exit codes: 1 when a command failed, 2 when it was not understood.
const (
	exitFailed  = 1
	exitUnclear = 2
)

// notUnderstood is an error of a command line.
type notUnderstood struct{ error }

// unclear makes the error of a command line. Its text says what to give.
func unclear(format string, args ...any) error {
	return notUnderstood{fmt.Errorf(format, args...)}
}

// helpShown stops the parser after it has printed a help.
type helpShown int

// run is the whole program, and returns its exit code.
func (p *program) run(args []string) (code int) {
	p.args = args
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case helpShown:
			code = int(cause)
		default:
			panic(cause)
		}
	}()
	command, err := p.parser(grammar(args)).Parse(args)
	if err != nil {
		fmt.Fprintf(p.errs, "pbxctl: %s\n", refusal(err))
		return exitUnclear
	}
	if located, ok := command.Selected().Target.Addr().Interface().(interface{ locate(*program) error }); ok {
		if err := located.locate(p); err != nil {
			return p.end(err)
		}
	}
	if err := p.actAsOwner(command); err != nil {
		return p.end(err)
	}
	return p.end(command.Run(p))
}

// grammar returns the command that a command line begins with; if it begins with none, all commands.
// To read the flags of all commands takes longer than most commands.
func grammar(args []string) any {
	fields := slices.DeleteFunc(reflect.VisibleFields(reflect.TypeFor[commands]()), func(field reflect.StructField) bool {
		_, command := field.Tag.Lookup("cmd")
		return command && (len(args) == 0 || strings.ToLower(field.Name) != args[0])
	})
	if len(fields) == 1 { // --version
		return &commands{}
	}
	return reflect.New(reflect.StructOf(fields)).Interface()
}

// parser reads command lines of some commands.
func (p *program) parser(grammar any) *kong.Kong {
	return kong.Must(grammar,
		kong.Name("pbxctl"),
		kong.Description("Trunkline receives call events from phone systems, and stores them."),
		kong.Writers(p.out, p.errs),
		kong.Exit(func(code int) { panic(helpShown(code)) }),
		kong.Vars{
			"figure_list": strings.Join(kpi.CountNames(), ", "), "agent_figure_list": strings.Join(rollup.AgentFigureNames(), ", "),
			"trunk": strings.Join(erase.DefaultPrefixes().Trunk, ","), "international": strings.Join(erase.DefaultPrefixes().International, ","),
		},
		kong.TypeMapper(reflect.TypeFor[pbx.MAC](), kong.MapperFunc(parseMAC)),
		kong.NamedMapper("path", kong.MapperFunc(p.parsePath)),
		kong.PostBuild(func(k *kong.Kong) error {
			k.Model.HelpFlag.Help = "Show this help."
			return nil
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
}

// end prints a command's error, and returns its exit code.
func (p *program) end(err error) int {
	if elsewhere, ok := errors.AsType[server.Exited](err); ok {
		return int(elsewhere)
	}
	switch {
	case err == nil:
		return 0
	case p.ctx.Err() != nil && errors.Is(err, context.Canceled):
		err = errors.New("stopped before it was done")
	}
	fmt.Fprintf(p.errs, "pbxctl: %v\n", err)
	if _, unclear := errors.AsType[notUnderstood](err); unclear {
		return exitUnclear
	}
	return exitFailed
}

// actAsOwner has the program act as the owner of the command's data folder.
func (p *program) actAsOwner(command *kong.Context) error {
	if p.server != nil {
		return nil // a server acts as the owner already
	}
	for _, flag := range command.Flags() {
		folder, ok := command.FlagValue(flag).(string)
		if !ok || folder == "" || flag.Name != "data" && flag.Name != "into" {
			continue
		}
		switch name, err := local.ActAsOwner(folder); {
		case err != nil:
			return err
		case name != "":
			fmt.Fprintf(p.errs, "pbxctl: acts as %s, the owner of %s\n", name, folder)
		}
	}
	return nil
}
