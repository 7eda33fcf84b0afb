package main

import (
	"fmt"

	"trunkline/infra/pbxctl/completion"
)

type completionCommand struct {
	Shell string   `arg:"" enum:"bash,zsh,fish,words" help:"bash, zsh or fish."`
	Words []string `arg:"" optional:"" hidden:"" help:"The words typed so far; the last one is to be completed. The scripts use it."`
}

// Help is the long form of the command's help.
func (completionCommand) Help() string {
	return `Prints a script. Your shell must read it when it starts:

Examples:
  pbxctl completion bash > ~/.local/share/bash-completion/completions/pbxctl
  pbxctl completion zsh > ~/.zsh/completions/_pbxctl
  pbxctl completion fish > ~/.config/fish/completions/pbxctl.fish`
}

// Run implements the command.
func (c *completionCommand) Run(p *program) error {
	if script, ok := completion.Scripts()[c.Shell]; ok {
		_, err := fmt.Fprint(p.out, script)
		return err
	}
	for _, word := range completion.Words(p.parser(&commands{}).Model.Node, c.Words) {
		fmt.Fprintln(p.out, word)
	}
	return nil
}
