package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"iter"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"go.yaml.in/yaml/v3"
)

const repository = "../.."

// betterWords has words that readers must read twice, by what to write instead.
var betterWords = map[string][]string{
	"reports whether":        {"tell whether", "tells whether"},
	"again":                  {"anew"},
	"forever, or for good":   {"for ever"},
	"at once, concurrently":  {"side by side"},
	"the same":               {"likewise"},
	"costs more":             {"dearer"},
	"is invalid, is missing": {"is none", "are none", "was none", "were none"},
	"endpoint":               {"door", "doors"},
	"item, event":            {"parcel", "parcels"},
	"batch":                  {"pile", "piles", "piled"},
	"deduplicate":            {"sift", "sifts", "sifted", "sifting"},
	"request":                {"knock", "knocks", "knocked"},
	"result":                 {"fate", "fates", "verdict", "verdicts"},
	"enqueue, start":         {"wake", "wakes", "woke", "woken"},
	"register":               {"enlist", "enlists", "enlisted"},
	"archive":                {"vault", "vaults"},
	"report, say":            {"tell of", "tells of", "told of"},
	"receive; last event":    {"hear from", "heard from", "hear of", "heard of", "heard by", "heard it"},
	"callers, readers; whoever": {"who asks", "who has", "who wants", "who reads", "who writes", "who calls", "who gets",
		"who looks", "who operates", "who changes"},
}

func TestWordsAreReadOnce(t *testing.T) {
	for _, path := range written(t) {
		for number, line := range numbered(read(t, path)) {
			for _, found := range better(line) {
				t.Errorf("%s:%d: %s", path, number, found)
			}
		}
	}
}

func TestSentencesInFilesAreShort(t *testing.T) {
	for _, path := range written(t) {
		for _, prose := range proses(t, path, read(t, path)) {
			for _, found := range long(prose.text) {
				t.Errorf("%s:%d: %s", path, prose.line, strings.Join(strings.Fields(found), " "))
			}
		}
	}
}

func TestWordsThatAreReadTwiceAreFound(t *testing.T) {
	for text, want := range map[string]int{
		"f tells whether it is there":      1,
		"It is none, and lasts for ever.":  2,
		"func (p *Pile) wakeUp(d oneDoor)": 3,
		"the fleet":                        0,
		"one that is indoors":              0,
		"ANewKey{AWS: days_computed_anew}": 0,
	} {
		if found := better(text); len(found) != want {
			t.Errorf("%q: found %q, want %d", text, found, want)
		}
	}
}

func TestLongSentencesInFilesAreFound(t *testing.T) {
	words := strings.TrimSpace(strings.Repeat("word ", wordsAtOnce+1))
	for name, test := range map[string]struct{ path, text string }{
		"a comment":                 {"a.go", "package a\n\n/* " + words + " */"},
		"a comment over lines":      {"a.go", "package a\n\n// word\n// " + words},
		"an error":                  {"a.go", "package a\n\nvar err = fmt.Errorf(`" + words + "`)"},
		"a text of parts":           {"a.go", "package a\n\nvar s = \"word \" + name + \"" + words + "\""},
		"a help text":               {"a.go", "package a\n\ntype c struct{ F bool `help:\"" + words + "\"` }"},
		"a description":             {"a.yaml", "P:\n  Description: " + words},
		"a description of a check":  {"a.yaml", "P:\n\n  ConstraintDescription: >-\n    " + words},
		"a comment in YAML":         {"a.yaml", "P:\n  # word\n  # " + words + "\n  q: 1"},
		"a comment in a script":     {"a.sh", "#!/bin/sh\n\n# word\n# " + words},
		"a message of a script":     {"a.sh", "#!/bin/sh\n\necho \"" + words + "\""},
		"the help text of a target": {"Makefile", "\n\nrun: build ## " + words},
		"a comment in SQL":          {"a.sql", "\n\n-- " + words},
	} {
		t.Run(name, func(t *testing.T) {
			found := 0
			for _, prose := range proses(t, test.path, test.text) {
				if len(long(prose.text)) == 1 && prose.line >= 1 && prose.line <= 4 {
					found++
				}
			}
			if found != 1 {
				t.Errorf("found %d long sentences, want 1", found)
			}
		})
	}
}

// better lists the words of a line that have a better one.
func better(line string) (found []string) {
	line = plain(line)
	for instead, bad := range betterWords {
		for _, words := range bad {
			if strings.Contains(line, " "+words+" ") {
				found = append(found, fmt.Sprintf("%q: write %q", words, instead))
			}
		}
	}
	return found
}

// plain has the words of a line in lower case, each between blanks, also those that a name such as
// wordsOfALine is made of.
func plain(line string) string {
	var b strings.Builder
	runes := []rune(" " + line + " ")
	for i, r := range runes[:len(runes)-1] {
		switch {
		case !unicode.IsLetter(r) && r != '_': // names of members and columns stay as they are
			b.WriteByte(' ')
		case unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || unicode.IsLower(runes[i+1])):
			b.WriteString(" " + string(unicode.ToLower(r)))
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return " " + b.String() + " "
}

// written are the files that people write and read, except what was received, what is built, and
// this test.
func written(t *testing.T) (found []string) {
	t.Helper()
	kinds := []string{".go", ".md", ".yaml", ".yml", ".sh", ".sql", ".service", ".socket"}
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", ".build", ".data", ".aws-sam", "testdata"}, d.Name()):
			return fs.SkipDir
		case d.Type().IsRegular() && d.Name() != "words_test.go" &&
			(slices.Contains(kinds, filepath.Ext(path)) || d.Name() == "Makefile" || path == repository+"/.ci/run"):
			found = append(found, path)
		}
		return nil
	})
	if err != nil || len(found) < 500 {
		t.Fatalf("%d files, %v", len(found), err)
	}
	return found
}

// prose is a text that people read, with the line of the file that it begins in.
type prose struct {
	line int
	text string
}

// proses are the comments of a file; of Go and of scripts also the messages, and of YAML the
// descriptions. Documents are checked by another test.
func proses(t *testing.T, path, text string) []prose {
	t.Helper()
	switch filepath.Ext(path) {
	case ".go":
		return inGo(t, path, text)
	case ".yaml", ".yml":
		return inYAML(t, path, text)
	case ".sql":
		return inLines(text, regexp.MustCompile(`^\s*--(.*)`))
	case ".md":
		return nil
	}
	found := inLines(text, regexp.MustCompile(`(?:^|\s)##?\s(.*)`))
	for _, message := range regexp.MustCompile(`(?:echo|fail) "(.*)"`).FindAllStringSubmatchIndex(text, -1) {
		found = append(found, prose{strings.Count(text[:message[0]], "\n") + 1, text[message[2]:message[3]]})
	}
	return found
}

// inLines joins what the pattern finds in lines that follow each other.
func inLines(text string, pattern *regexp.Regexp) (found []prose) {
	last := 0
	for number, line := range numbered(text) {
		match := pattern.FindStringSubmatch(line)
		switch {
		case match == nil:
		case last > 0 && last == number-1:
			found[len(found)-1].text += "\n" + match[1]
			last = number
		default:
			found, last = append(found, prose{number, match[1]}), number
		}
	}
	return found
}

// inGo finds comments, help texts of flags, and, except in tests, all strings.
func inGo(t *testing.T, path, text string) (found []prose) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	add := func(n ast.Node, text string) {
		if !strings.ContainsFunc(text, unicode.IsLetter) {
			return
		}
		found = append(found, prose{files.Position(n.Pos()).Line, sentences(text)})
	}
	for _, group := range file.Comments {
		add(group, group.Text())
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if n.Tag != nil {
				tag, _ := strconv.Unquote(n.Tag.Value)
				add(n, reflect.StructTag(tag).Get("help"))
				n.Tag = nil // so that it is not visited as a string
			}
		case *ast.BasicLit, *ast.BinaryExpr:
			if !strings.HasSuffix(path, "_test.go") {
				add(n, joined(n))
			}
			return false
		}
		return true
	})
	return found
}

// joined is the text of a string that has parts; whatever is not a literal counts as one word.
func joined(n ast.Node) string {
	switch n := n.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(n.Value)
		return text
	case *ast.BinaryExpr:
		return joined(n.X) + joined(n.Y)
	}
	return "…"
}

// sentences is a comment without the lines that are set off, such as code and tables.
func sentences(comment string) string {
	comment, _, _ = strings.Cut(comment, "Output:\n") // of an example
	var b strings.Builder
	for line := range strings.Lines(comment) {
		if strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "  ") {
			line = "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

func inYAML(t *testing.T, path, text string) (found []prose) {
	t.Helper()
	found = inLines(text, regexp.MustCompile(`^\s*#(.*)`))
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var visit func(*yaml.Node)
	visit = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && strings.HasSuffix(n.Content[i-1].Value, "Description") {
				found = append(found, prose{child.Line, child.Value})
			}
			visit(child)
		}
	}
	visit(&document)
	return found
}

// numbered yields the lines of a text, counted from 1.
func numbered(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			if n++; !yield(n, strings.TrimSuffix(line, "\n")) {
				return
			}
		}
	}
}
