package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	readme       = "../../README.md"
	github       = "../../.github/"
	linesAtMost  = 150
	wordsAtMost  = 1200
	cellAtMost   = 300 // characters
	wordsAtOnce  = 30  // in a sentence
	glossaryMost = 15
)

// documents are the README, all that it leads to, and what GitHub shows to contributors.
func documents(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*.md")
	if err != nil || len(found) == 0 {
		t.Fatalf("no documents, %v", err)
	}
	return append(found, readme, "../runbook.md", github+"CONTRIBUTING.md", github+"SECURITY.md")
}

func TestTheREADMEIsReadInThreeMinutes(t *testing.T) {
	text := read(t, readme)
	if n := strings.Count(text, "\n"); n > linesAtMost {
		t.Errorf("it has %d lines, more than %d", n, linesAtMost)
	}
	if n := len(strings.Fields(text)); n > wordsAtMost {
		t.Errorf("it has %d words, more than %d", n, wordsAtMost)
	}
	_, words, _ := strings.Cut(text, "\n## Words\n")
	words, _, _ = strings.Cut(words, "\n## ")
	if n := strings.Count(words, "\n| ") - 1; n < 1 || n > glossaryMost {
		t.Errorf("it explains %d words, not 1 to %d", n, glossaryMost)
	}
}

func TestSentencesAndCellsAreShort(t *testing.T) {
	for _, name := range documents(t) {
		for _, found := range long(read(t, name)) {
			t.Errorf("%s: %s", name, found)
		}
	}
}

func TestWhatIsTooLongIsFound(t *testing.T) {
	words := strings.Repeat("word ", wordsAtOnce)
	for name, test := range map[string]struct {
		text string
		want int
	}{
		"short":                    {words + "\n", 0},
		"two sentences":            {words + "end. " + words, 1},
		"a sentence over lines":    {words + "\nend.\n", 1},
		"an item of a list":        {"- " + words + "\n- " + words + "\n", 0},
		"a step":                   {words + "\n1. " + words + "\n", 0},
		"a command":                {"```\n" + words + words + "\n```\n", 0},
		"a cell":                   {"| a | " + strings.Repeat("x", cellAtMost+1) + " |\n", 1},
		"a row whose cells are OK": {"| " + strings.Repeat("x", cellAtMost) + " | " + strings.Repeat("y", cellAtMost) + " |\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if found := long(test.text); len(found) != test.want {
				t.Errorf("found %q, want %d", found, test.want)
			}
		})
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	for _, name := range documents(t) {
		for _, link := range links(read(t, name)) {
			if err := leads(name, link); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestALinkThatLeadsNowhereIsFound(t *testing.T) {
	for _, link := range []string{"gone.md", "#gone", "bi.md#gone", "../docs/gone/"} {
		if leads("operations.md", link) == nil {
			t.Errorf("%s leads somewhere", link)
		}
	}
}

var (
	fenced   = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	item     = regexp.MustCompile(`^ *([-*]|\d+\.) `)
	sentence = regexp.MustCompile(`[.!?]\*{0,2}\s`)
	linked   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	unslug   = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// filed are the files that a table of steps names in its first column.
var filed = regexp.MustCompile("(?m)^\\| `([^`]+)`(?:, `([^`]+)`)? \\|")

func TestContributorsAreLedToFilesThatAreThere(t *testing.T) {
	rows := filed.FindAllStringSubmatch(read(t, github+"CONTRIBUTING.md"), -1)
	if len(rows) < 20 {
		t.Fatalf("only %d rows name files", len(rows))
	}
	for _, row := range rows {
		first := strings.Replace(row[1], "NAME.txt", "", 1)
		files := []string{first}
		if row[2] != "" { // in the same folder
			files = append(files, filepath.Join(filepath.Dir(first), row[2]))
		}
		for _, file := range files {
			if _, err := os.Stat("../../" + file); err != nil {
				t.Error(err)
			}
		}
	}
}

// long lists the sentences and cells of a document that are too long.
func long(text string) (found []string) {
	var prose strings.Builder
	for line := range strings.Lines(fenced.ReplaceAllString(text, "\n\n")) {
		switch {
		case strings.HasPrefix(line, "|"):
			prose.WriteString("\n\n")
			for cell := range strings.SplitSeq(line, "|") {
				if n := len([]rune(strings.TrimSpace(cell))); n > cellAtMost {
					found = append(found, fmt.Sprintf("a cell has %d characters: %s", n, cell))
				}
			}
		case strings.HasPrefix(line, "#"):
			prose.WriteString("\n\n")
		case item.MatchString(line):
			prose.WriteString("\n\n" + item.ReplaceAllString(line, ""))
		default:
			prose.WriteString(line)
		}
	}
	for paragraph := range strings.SplitSeq(prose.String(), "\n\n") {
		for _, said := range sentence.Split(paragraph, -1) {
			if n := len(strings.Fields(said)); n > wordsAtOnce {
				found = append(found, fmt.Sprintf("a sentence has %d words: %s", n, said))
			}
		}
	}
	return found
}

// links are those of a document that lead to other files or headings.
func links(text string) (found []string) {
	for _, match := range linked.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		if !strings.Contains(match[1], "://") {
			found = append(found, match[1])
		}
	}
	return found
}

// leads looks whether a link in a document leads to a file, and to a heading in it.
func leads(name, link string) error {
	path, anchor, hasAnchor := strings.Cut(link, "#")
	target := name
	if path != "" {
		target = filepath.Join(filepath.Dir(name), path)
	}
	if !hasAnchor {
		_, err := os.Stat(target)
		return err
	}
	text, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	for _, match := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(string(text), ""), -1) {
		if slug(match[1]) == anchor {
			return nil
		}
	}
	return fmt.Errorf("%s has no heading #%s", target, anchor)
}

// slug is the anchor that GitHub gives to a heading.
func slug(title string) string {
	return strings.ReplaceAll(unslug.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
