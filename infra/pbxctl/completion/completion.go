// Package completion completes the command line of pbxctl in a shell.
package completion

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Scripts returns the scripts by shell. They ask pbxctl itself, so that they fit each version.
// Where pbxctl knows no word, the shell completes names of files.
func Scripts() map[string]string {
	return map[string]string{
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
}

// Words returns the words that may complete the last one: flags if it begins with a dash, else
// commands. It returns nothing where the value of a flag is typed.
func Words(node *kong.Node, words []string) (found []string) {
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
