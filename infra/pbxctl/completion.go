package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
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

// completionScripts are scripts by shell. They ask pbxctl itself, so that they fit each version.
// Where pbxctl knows no word, the shell completes names of files.
var completionScripts = map[string]string{
	"bash": `_pbxctl() {
  local IFS=$'\n' typed="${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=($(compgen -W "$(pbxctl completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "$typed"))
}
complete -o default -F _pbxctl pbxctl
`,
	"zsh": `#compdef pbxctl
_pbxctl() {
  local -a found
  found=(${(f)"$(pbxctl completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  (( $#found )) && compadd -a found || _files
}
(( $+functions[compdef] )) && compdef _pbxctl pbxctl
`,
	"fish": `complete -c pbxctl -a '(pbxctl completion words -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}

// Run implements the command.
func (c *completionCommand) Run(p *program) error {
	if script, ok := completionScripts[c.Shell]; ok {
		_, err := fmt.Fprint(p.out, script)
		return err
	}
	for _, word := range candidates(p.parser(&commands{}).Model.Node, c.Words) {
		fmt.Fprintln(p.out, word)
	}
	return nil
}

// candidates returns the words that may complete the last one: flags if it begins with a dash, else
// commands. It returns nothing where the value of a flag is typed.
func candidates(node *kong.Node, words []string) (found []string) {
	if len(words) == 0 {
		return nil
	}
	typed, before := words[len(words)-1], words[:len(words)-1]
	for i, word := range before {
		if i > 0 && takesValue(node, before[i-1]) {
			continue
		}
		if at := slices.IndexFunc(node.Children, func(child *kong.Node) bool { return child.Name == word }); at >= 0 {
			node = node.Children[at]
		}
	}
	if len(before) > 0 && takesValue(node, before[len(before)-1]) {
		return nil
	}
	if strings.HasPrefix(typed, "-") {
		if node.DefaultCmd != nil {
			node = node.DefaultCmd
		}
		for _, flag := range flagsOf(node) {
			found = append(found, "--"+flag.Name)
		}
		return found
	}
	for _, child := range node.Children {
		if !child.Hidden {
			found = append(found, child.Name)
		}
	}
	return found
}

// takesValue reports whether a word is a flag of the command whose value is the next word.
func takesValue(node *kong.Node, word string) bool {
	return slices.ContainsFunc(flagsOf(node), func(f *kong.Flag) bool { return word == "--"+f.Name && !f.IsBool() })
}

// flagsOf returns the flags that the help of a command shows.
func flagsOf(node *kong.Node) (all []*kong.Flag) {
	for _, group := range node.AllFlags(true) {
		all = append(all, group...)
	}
	return all
}
