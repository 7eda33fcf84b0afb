package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fences  = regexp.MustCompile("(?ms)^ *```(.*?)^ *```$")
	inlined = regexp.MustCompile("`pbxctl ([^`]+)`")
	ends    = regexp.MustCompile(`\s+(#|[|>&<]).*$`) // a comment, a pipe, a file
	// placeholders are what a document says in place of a value, and a value.
	placeholders = strings.NewReplacer(" MAC", " 68692e0b0001", " DAY", " 2026-11-01", " $(date -u +%F)", " 2026-11-01", "COMMAND", "calls", " --help", "")
	word         = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
)

// Commands in the documents are copied. So each in a block is parsed as it stands. In a sentence a
// command may lack arguments, and only its name and flags are looked for.
func TestCommandsInTheDocumentsAreUnderstood(t *testing.T) {
	t.Parallel()
	blocks, mentions := 0, 0
	for name, text := range documentTexts(t) {
		for _, line := range blockCommands(text) {
			blocks++
			if err := parse(t, line); err != nil {
				t.Errorf("%s: pbxctl %s: %v", name, line, err)
			}
		}
		for _, match := range inlined.FindAllStringSubmatch(text, -1) {
			mentions++
			if err := parse(t, match[1]); isUnknown(err) {
				t.Errorf("%s: pbxctl %s: %v", name, match[1], err)
			}
		}
	}
	if blocks < 30 || mentions < 60 {
		t.Errorf("only %d commands and %d mentions were found", blocks, mentions)
	}
}

func TestAWrongCommandInADocumentIsFound(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]struct{ failed, unknown bool }{
		"device revoke MAC --data DIR": {false, false},
		"device revoke":                {true, false},
		"device revive MAC":            {true, true},
		"device revoke MAC --colour 1": {true, true},
	} {
		if err := parse(t, line); (err != nil) != want.failed || isUnknown(err) != want.unknown {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// parse parses a command line, with values in place of MAC, DAY and the like.
func parse(t *testing.T, line string) error {
	t.Helper()
	p := &program{ctx: t.Context(), out: new(strings.Builder), errs: new(strings.Builder), getenv: func(string) string { return "" }}
	args := words(placeholders.Replace(line))
	_, err := p.parser(grammar(args)).Parse(args)
	return err
}

// isUnknown reports whether a command line has a command or flag that is unknown. It may lack others.
func isUnknown(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "unknown flag") || strings.Contains(err.Error(), "unexpected argument"))
}

// documentTexts returns the documents that people read, by name.
func documentTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"../../README.md", "../runbook.md", "../docs/*.md", "../../.github/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no %s, %v", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(text)
		}
	}
	return texts
}

// blockCommands returns each command in a document's blocks, without the word pbxctl.
func blockCommands(text string) (found []string) {
	for _, block := range fences.FindAllString(text, -1) {
		for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
			if command, ok := strings.CutPrefix(strings.TrimSpace(line), "pbxctl "); ok {
				found = append(found, ends.ReplaceAllString(command, ""))
			}
		}
	}
	return found
}

// words splits a command line as a shell does.
func words(line string) (all []string) {
	for _, w := range word.FindAllString(line, -1) {
		all = append(all, strings.Trim(w, `'"`))
	}
	return all
}
