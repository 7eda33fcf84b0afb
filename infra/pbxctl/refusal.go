package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// refusal says why a command line is not understood, and which help to read.
func refusal(err error) string {
	text, command := plainRefusal(err.Error()), "pbxctl"
	if parse, ok := errors.AsType[*kong.ParseError](err); ok {
		for _, step := range parse.Context.Path {
			if step.Command != nil {
				command = typed(step.Command)
				text = strings.TrimPrefix(text, step.Command.Path()+": ") // the command is named below
			}
		}
	}
	return fmt.Sprintf("%s; see %s --help", text, command)
}

// typed returns a command as it is typed. A group stands for its default command, which has its flags.
func typed(command *kong.Node) string {
	if command.DefaultCmd != nil {
		command = command.DefaultCmd
	}
	return command.FullPath()
}

// plainRefusal replaces the parser's own terms.
func plainRefusal(text string) string {
	for _, of := range []struct{ form, plain string }{
		{`^\[(<\w+>)\]: `, `$1: `}, // the brackets of an optional argument
		{`^expected "(<\w+>.*)"$`, `missing argument: $1`},
		{`(expected \w+ value but got "EOL" \(<EOL>\)|missing value, expecting .*)$`, `it has no value`},
		{`expected a valid \d+ bit u?int but got`, `expected a whole number but got`},
		{`expected a float but got (".*") \(string\)$`, `expected a number but got $1`},
		{`expected duration but got (".*"): time: .*$`, `expected a duration such as 15s but got $1`},
	} {
		text = regexp.MustCompile(of.form).ReplaceAllString(text, of.plain)
	}
	return text
}
