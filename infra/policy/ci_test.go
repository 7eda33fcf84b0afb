package policy

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// Every suite is called as one of these, which notes its name, its arguments and the stand-in
// for AWS that it sees. A file of the name that it is called by makes it fail, or hang.
const suiteStandIn = `#!/usr/bin/env bash
call="${0##*/} $1"
echo "$call${AWS_ENDPOINT_URL:+ over $AWS_ENDPOINT_URL}" >>"$HOME/calls"
[ ! -e "$HOME/fails/$call" ] || exit 3
[ ! -e "$HOME/hangs/$call" ] || { echo "$call hangs"; sleep 60; echo "$call survived" >>"$HOME/calls"; }
`

// localCloudStandIn brings Docker and SAM CLI along.
const localCloudStandIn = `#!/usr/bin/env bash
echo "local-cloud $1" >>"$HOME/calls"
[ "$1" = up ] || echo "export AWS_ENDPOINT_URL=http://local PATH=$HOME/brought:$PATH"
`

// newChecked makes a laptop with a clone whose suites are stand-ins. It has these programs, besides Go and make.
func newChecked(t *testing.T, programs ...string) laptop {
	t.Helper()
	l := laptop{t, t.TempDir()}
	l.install("bash", "env", "dirname", "grep", "awk", "timeout", "sleep", "rm")
	for _, program := range append(programs, "go", "make") {
		l.write("bin/"+program, suiteStandIn)
	}
	l.write("repo/.ci/run", script(t))
	l.write("repo/go.mod", "")
	return l
}

func script(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../.ci/run")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var budgetRow = regexp.MustCompile(`(?m)^([a-z0-9]+) +(\d+)(?:  |$)`)

// budgets are the seconds of each suite, as the table of .ci/run has them.
func budgets(t *testing.T) map[string]int {
	t.Helper()
	_, table, _ := strings.Cut(script(t), "\ntable='")
	table, _, _ = strings.Cut(table, "'")
	found := map[string]int{}
	for _, row := range budgetRow.FindAllStringSubmatch(table, -1) {
		found[row[1]], _ = strconv.Atoi(row[2])
	}
	if len(found) != strings.Count(table, "\n")-1 {
		t.Fatalf("the budgets of %v are read of the table %s", found, table)
	}
	return found
}

// budget gives a suite another budget.
func (l laptop) budget(suite string, seconds int) {
	row := regexp.MustCompile(`(?m)^` + suite + ` +\d+`)
	l.write("repo/.ci/run", row.ReplaceAllString(l.read("repo/.ci/run"), suite+" "+strconv.Itoa(seconds)))
}

func (l laptop) check(environment []string, suites ...string) *exec.Cmd {
	cmd := exec.CommandContext(l.t.Context(), filepath.Join(l.home, "repo/.ci/run"), suites...)
	cmd.Dir = l.home
	cmd.Env = append([]string{"HOME=" + l.home, "PATH=" + filepath.Join(l.home, "bin")}, environment...)
	return cmd
}

// mustCheck returns what was printed, once the exit code is as wanted.
func (l laptop) mustCheck(exit int, environment []string, suites ...string) string {
	l.t.Helper()
	cmd := l.check(environment, suites...)
	printed, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != exit {
		l.t.Fatalf("exit code %d, want %d:\n%s", got, exit, printed)
	}
	return string(printed)
}

// result is what the summary says of a suite: the result, the budget, and the remark if there is one.
func result(t *testing.T, printed, suite string) string {
	t.Helper()
	_, summary, _ := strings.Cut(printed, "\n== summary\n")
	row := regexp.MustCompile(`(?m)^` + suite + ` +(\S+(?: \S+)?) +\d+ +(\d+) *(.*?) *$`).FindStringSubmatch(summary)
	if row == nil {
		t.Fatalf("the summary has nothing of %s:\n%s", suite, printed)
	}
	return strings.TrimSpace(row[1] + ", " + row[2] + " s, " + row[3])
}

func TestEverySuiteHasABudgetAndAllEndWithin45Minutes(t *testing.T) {
	var sum int
	for suite, seconds := range budgets(t) {
		if seconds <= 0 {
			t.Errorf("%s has no budget", suite)
		}
		sum += seconds
	}
	if sum == 0 || sum > 45*60 {
		t.Errorf("all budgets are %d s", sum)
	}
}

func TestEverySuiteRunsAndIsInTheSummary(t *testing.T) {
	l := newChecked(t, "cc", "docker", "sam")
	printed := l.mustCheck(0, nil)
	for suite, seconds := range budgets(t) {
		if got, want := result(t, printed, suite), "ok, "+strconv.Itoa(seconds)+" s,"; got != want {
			t.Errorf("%s: %s, want %s", suite, got, want)
		}
	}
	calls := l.read("calls")
	for _, call := range []string{
		"go mod", "make test", "make race", "make lint", "make policy", "make verify", "make fuzz", "sam validate", "make e2e", "make bench",
	} {
		if !strings.Contains(calls, call+"\n") {
			t.Errorf("%s was not called:\n%s", call, calls)
		}
	}
}

func TestASuiteOverItsBudgetIsEndedAndFails(t *testing.T) {
	l := newChecked(t, "cc")
	l.write("hangs/make lint", "")
	l.budget("lint", 1)
	printed := l.mustCheck(1, nil, "lint", "policy")
	if got := result(t, printed, "lint"); got != "OVER BUDGET, 1 s, was ended" {
		t.Errorf("lint: %s", got)
	}
	if got := result(t, printed, "policy"); !strings.HasPrefix(got, "ok") {
		t.Errorf("the next one, policy: %s", got)
	}
	if !strings.Contains(printed, "\nFAILED: lint\n") {
		t.Errorf("it does not name what failed:\n%s", printed)
	}
}

func TestASuiteThatFailsFailsTheRunAndTheOthersStillRun(t *testing.T) {
	l := newChecked(t, "cc")
	l.write("fails/make lint", "")
	printed := l.mustCheck(1, nil, "lint", "policy")
	if got := result(t, printed, "lint"); !strings.HasPrefix(got, "FAILED") || !strings.Contains(printed, "\nFAILED: lint\n") {
		t.Errorf("lint: %s:\n%s", got, printed)
	}
	if got := result(t, printed, "policy"); !strings.HasPrefix(got, "ok") {
		t.Errorf("policy: %s", got)
	}
}

func TestASuiteThatCannotRunIsSkippedAndReported(t *testing.T) {
	for name, c := range map[string]struct {
		programs []string
		spoil    string
		skipped  []string
	}{
		"no Docker":           {[]string{"cc", "sam"}, "", []string{"cloud", "e2e"}},
		"Docker does not run": {[]string{"cc", "sam", "docker"}, "fails/docker info", []string{"cloud", "e2e"}},
		"no Docker Compose":   {[]string{"cc", "sam", "docker"}, "fails/docker compose", []string{"cloud", "e2e"}},
		"no SAM CLI, and no Python that could install it": {[]string{"cc", "docker"}, "", []string{"template", "e2e"}},
		"SAM CLI can't be installed":                      {[]string{"cc", "docker", "python3"}, "fails/python3 -m", []string{"template", "e2e"}},
		"no C compiler":                                   {[]string{"docker", "sam"}, "", []string{"race", "verify"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newChecked(t, c.programs...)
			if c.spoil != "" {
				l.write(c.spoil, "")
			}
			printed := l.mustCheck(0, nil)
			for suite := range budgets(t) {
				got := result(t, printed, suite)
				if slices.Contains(c.skipped, suite) != (strings.HasPrefix(got, "skipped") && strings.Contains(got, "needs ")) {
					t.Errorf("%s: %s", suite, got)
				}
			}
			if want := "Skipped, since this machine lacks what they need: " + strings.Join(c.skipped, " ") + "\n"; !strings.Contains(printed, want) {
				t.Errorf("it does not end with %s:\n%s", want, printed)
			}
			printed = l.mustCheck(1, []string{"STRICT=1"})
			for _, suite := range c.skipped {
				if got := result(t, printed, suite); !strings.HasPrefix(got, "FAILED") {
					t.Errorf("strictly, %s: %s", suite, got)
				}
			}
		})
	}
}

func TestTheFolderBesideTheCloneBringsDockerAndSAM(t *testing.T) {
	l := newChecked(t, "cc")
	l.write("shared/tools/local-cloud", localCloudStandIn)
	l.write("brought/docker", suiteStandIn)
	l.write("brought/sam", suiteStandIn)
	l.mustCheck(0, nil)
	calls := l.read("calls")
	for _, call := range []string{"local-cloud up", "sam validate over http://local", "make e2e over http://local", "make test", "make bench"} {
		if !strings.Contains(calls, call+"\n") {
			t.Errorf("%s was not called:\n%s", call, calls)
		}
	}
}

func TestBesideThatFolderASuiteThatCannotRunFails(t *testing.T) {
	for name, spoil := range map[string]func(l laptop){
		"it brings no Docker": func(l laptop) {
			l.write("shared/tools/local-cloud", localCloudStandIn)
			l.write("brought/sam", suiteStandIn)
		},
		"it is incomplete": func(l laptop) { l.write("shared/tools/README", "") },
	} {
		t.Run(name, func(t *testing.T) {
			l := newChecked(t, "cc")
			spoil(l)
			printed := l.mustCheck(1, nil)
			if got := result(t, printed, "e2e"); !strings.HasPrefix(got, "FAILED") || !strings.Contains(got, "docker") {
				t.Errorf("e2e: %s", got)
			}
			if got := result(t, printed, "bench"); !strings.HasPrefix(got, "ok") {
				t.Errorf("bench: %s", got)
			}
		})
	}
}

func TestAnUnknownSuiteIsNotUnderstood(t *testing.T) {
	l := newChecked(t, "cc")
	if printed := l.mustCheck(2, nil, "lint", "benches"); !strings.Contains(printed, "there is no suite benches; the suites are: modules ") {
		t.Errorf("it prints %s", printed)
	}
	if calls := l.read("calls"); calls != "" {
		t.Errorf("it ran %s", calls)
	}
}

func TestAnInterruptEndsTheSuiteAndTheRun(t *testing.T) {
	l := newChecked(t, "cc")
	l.write("hangs/make lint", "")
	cmd := l.check(nil, "lint", "policy")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var printed bytes.Buffer
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		printed.WriteString(lines.Text() + "\n")
		if lines.Text() == "make lint hangs" {
			cmd.Process.Signal(syscall.SIGINT)
		}
	}
	cmd.Wait() // its output has ended, and so have all its processes
	if code := cmd.ProcessState.ExitCode(); code != 130 || time.Since(began) > 50*time.Second || strings.Contains(l.read("calls"), "policy") {
		t.Errorf("exit code %d after %s:\n%s", code, time.Since(began), &printed)
	}
}

// workflow is what is asked of a workflow of GitHub.
type workflow struct {
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		Minutes int `yaml:"timeout-minutes"`
		Steps   []struct {
			Uses string         `yaml:"uses"`
			Run  string         `yaml:"run"`
			With map[string]any `yaml:"with"`
			Env  map[string]any `yaml:"env"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

var pinned = regexp.MustCompile(`^[a-z-]+/[a-z-]+@(v\d+|[0-9a-f]{40})$`)

func TestTheWorkflowRunsTheSameAndMayOnlyRead(t *testing.T) {
	text, err := os.ReadFile("../../.github/workflows/ci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.On["pull_request"]; !ok || w.On["pull_request_target"] != nil {
		t.Errorf("it runs on %v", w.On)
	}
	if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
		t.Errorf("it may %v", w.Permissions)
	}
	var runs []string
	for _, step := range w.Jobs["run"].Steps {
		if step.Uses != "" && !pinned.MatchString(step.Uses) {
			t.Errorf("%s is not pinned", step.Uses)
		}
		if step.Run != "" {
			runs = append(runs, step.Run)
			if step.Env["STRICT"] != 1 {
				t.Errorf("%s may skip suites", step.Run)
			}
		}
	}
	if !slices.Equal(runs, []string{".ci/run"}) {
		t.Errorf("it runs %q", runs)
	}
	if m := w.Jobs["run"].Minutes; m < 45 {
		t.Errorf("it ends after %d minutes, before the budgets", m)
	}
}
