package main

import (
	"fmt"
	"runtime"

	"github.com/alecthomas/kong"

	"trunkline/pkg/version"
)

type versionCommand struct{}

// Help is the long form of the command's help.
func (versionCommand) Help() string {
	return `Prints the release or revision that pbxctl was built from, the Go version and the platform.

Example:
  pbxctl version`
}

// Run implements the command.
func (versionCommand) Run(p *program) error {
	_, err := fmt.Fprintln(p.out, versionLine())
	return err
}

func versionLine() string {
	return fmt.Sprintf("pbxctl %s, %s %s/%s", version.Text(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// versionFlag prints the version, and ends the program.
type versionFlag bool

// BeforeReset implements kong's hook, before a command is required.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	fmt.Fprintln(app.Stdout, versionLine())
	app.Exit(0)
	return nil
}
