package policy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// standIn takes the place of SAM CLI. It records its arguments, and knows one stack: the one
// that it has deployed. Its answers are those of SAM CLI 1.170.
const standIn = `#!/usr/bin/env bash
echo "$*" >>"$HOME/calls"
case $1 in
list)
  [ -n "${AWS_ACCESS_KEY_ID:-}" ] || { echo "Error: Unable to locate credentials" >&2; exit 1; }
  [ "$AWS_ACCESS_KEY_ID" != old ] || { echo "Error: An error occurred (ExpiredToken)" >&2; exit 1; }
  [ -e "$HOME/stack" ] || { echo "Error: The input stack $4 does not exist on Cloudformation in the region $6" >&2; exit 1; }
  echo '[
  {
    "OutputKey": "ApiUrl",
    "OutputValue": "https://a1b2.execute-api.eu-central-1.amazonaws.com",
    "Description": "Where PBXs push to"
  },
  { "OutputKey": "TableName", "OutputValue": "trunkline-dev-Table-1A2B", "Description": "" },
  { "OutputKey": "FleetKeysSecretArn", "OutputValue": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:Keys-x", "Description": "" }
]' ;;
deploy)
  [ ! -e "$HOME/broken" ] || { echo "Error: ROLLBACK_COMPLETE" >&2; exit 1; }
  touch "$HOME/stack" ;;
esac
`

// A laptop has what a deployment needs, and nothing else: no AWS CLI, no terminal.
type laptop struct {
	t    testing.TB
	home string
}

func newLaptop(t testing.TB) laptop {
	t.Helper()
	l := laptop{t, t.TempDir()}
	l.install("bash", "sh", "env", "make", "awk", "sed", "tr", "cat", "mv", "tail", "dirname", "touch", "uname", "go")
	for _, name := range []string{"Makefile", "samconfig.toml", "template.yaml", "infra/deploy.sh"} {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		l.write("repo/"+name, string(text))
	}
	l.write("bin/sam", standIn)
	return l
}

// install gives the laptop programs of this machine.
func (l laptop) install(programs ...string) {
	l.t.Helper()
	l.folder("bin")
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			l.t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(l.home, "bin", program)); err != nil {
			l.t.Fatal(err)
		}
	}
}

func (l laptop) folder(name string) {
	if err := os.MkdirAll(filepath.Join(l.home, name), 0o700); err != nil {
		l.t.Fatal(err)
	}
}

func (l laptop) write(name, text string) {
	l.t.Helper()
	l.folder(filepath.Dir(name))
	if err := os.WriteFile(filepath.Join(l.home, name), []byte(text), 0o700); err != nil {
		l.t.Fatal(err)
	}
}

func (l laptop) read(name string) string {
	l.t.Helper()
	text, err := os.ReadFile(filepath.Join(l.home, name))
	if err != nil && !os.IsNotExist(err) {
		l.t.Fatal(err)
	}
	return string(text)
}

// deploy runs make deploy, with these variables of the environment and nothing to read.
func (l laptop) deploy(environment []string, variables ...string) (printed string, err error) {
	cmd := exec.CommandContext(l.t.Context(), filepath.Join(l.home, "bin", "make"), append([]string{"deploy"}, variables...)...)
	cmd.Dir = filepath.Join(l.home, "repo")
	cmd.Env = append([]string{"HOME=" + l.home, "PATH=" + filepath.Join(l.home, "bin")}, environment...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), err
}

// mustDeploy is deploy in eu-central-1, and returns what SAM was told to build and to deploy.
func (l laptop) mustDeploy(variables ...string) (printed string, calls []string) {
	l.t.Helper()
	l.write("calls", "")
	printed, err := l.deploy(ready(), variables...)
	if err != nil {
		l.t.Fatalf("%v: %s", err, printed)
	}
	calls = strings.Split(strings.TrimSpace(l.read("calls")), "\n")
	return printed, slices.DeleteFunc(calls, func(c string) bool { return strings.HasPrefix(c, "list") })
}

func ready() []string { return []string{"AWS_ACCESS_KEY_ID=a", "AWS_REGION=eu-central-1"} }

func (l laptop) saves(want ...string) {
	l.t.Helper()
	for _, line := range want {
		if got := l.read("repo/samconfig.toml"); strings.Count(got, "\n"+line+"\n") != 1 {
			l.t.Errorf("samconfig.toml has not once %s:\n%s", line, got)
		}
	}
}

func TestANewStackArchivesInBatchesAndAnOldOneKeepsItsMode(t *testing.T) {
	const was = `parameter_overrides = "Architecture=arm64 LogRetentionDays=7 ArchiveProtection=none ArchiveColdDays=0`
	l := newLaptop(t)
	l.mustDeploy("PARAMETERS=Archive=direct")
	l.saves(was + ` Archive=direct"`)
	old := newLaptop(t)
	old.write("stack", "")
	old.mustDeploy()
	old.saves(was + `"`)
	old.mustDeploy("PARAMETERS=Archive=firehose")
	old.saves(was + ` Archive=firehose"`)
	if printed, err := old.deploy(ready(), "PARAMETERS=Archive=direct"); err == nil || !strings.Contains(printed, "Archive=draining") {
		t.Errorf("streams were deleted with what they hold: %v: %s", err, printed)
	}
	old.saves(was + ` Archive=firehose"`)
	old.mustDeploy("PARAMETERS=Archive=draining")
	old.mustDeploy("PARAMETERS=Archive=direct")
	old.saves(was + ` Archive=direct"`)
}

func TestTheFirstDeploymentAsksNothingAndEndsInAStack(t *testing.T) {
	l := newLaptop(t)
	printed, calls := l.mustDeploy()
	if want := []string{
		"build --config-env dev --parameter-overrides Architecture=arm64",
		"deploy --config-env dev --region eu-central-1 --no-confirm-changeset",
	}; !slices.Equal(calls, want) {
		t.Errorf("SAM was called as %q", calls)
	}
	l.saves(`region = "eu-central-1"`,
		`parameter_overrides = "Architecture=arm64 LogRetentionDays=7 ArchiveProtection=none ArchiveColdDays=0 Archive=firehose"`)
	for _, next := range []string{
		"AWS_REGION=eu-central-1 go run ./infra/pbxctl doctor check --stack trunkline-dev\n",
		"AWS_REGION=eu-central-1 go run ./infra/pbxctl device url MAC --stack trunkline-dev\n",
		"make deploy ENV=dev PARAMETERS=AlarmTopicEmail=YOU@EXAMPLE.COM\n",
	} {
		if !strings.Contains(printed, "\n  "+next) {
			t.Errorf("it does not say what comes next: %s, but\n%s", next, printed)
		}
	}
}

func TestADeploymentTakesTheRegionOfTheProfile(t *testing.T) {
	l := newLaptop(t)
	l.write(".aws/config", "[default]\nregion = us-east-1\n[profile work]\noutput = json\nregion=eu-west-1\n[profile last]\nregion = us-west-2\n")
	for profile, want := range map[string]string{"": "us-east-1", "default": "us-east-1", "work": "eu-west-1"} {
		l.write("repo/samconfig.toml", "[dev.global.parameters]\nstack_name = \"trunkline-dev\"\n")
		if printed, err := l.deploy([]string{"AWS_ACCESS_KEY_ID=a", "AWS_PROFILE=" + profile}); err != nil {
			t.Fatalf("%v: %s", err, printed)
		}
		l.saves(`region = "` + want + `"`)
	}
}

func TestAnUpgradeKeepsWhatWasSet(t *testing.T) {
	l := newLaptop(t)
	l.mustDeploy("ENV=prod", "ARCHITECTURE=x86_64", "PARAMETERS=DefaultZone=Europe/Berlin  LogRetentionDays=180 AlarmTopicEmail=a@example.com")
	const kept = `parameter_overrides = "Architecture=x86_64 LogRetentionDays=180 DefaultZone=Europe/Berlin AlarmTopicEmail=a@example.com Archive=firehose"`
	l.saves(kept)

	before := l.read("repo/samconfig.toml")
	printed, err := l.deploy([]string{"AWS_ACCESS_KEY_ID=a", "AWS_REGION=us-east-1"}, "ENV=prod")
	if err != nil || l.read("repo/samconfig.toml") != before {
		t.Errorf("%v: %s", err, printed)
	}
	if calls := l.read("calls"); strings.Count(calls, "build --config-env prod --parameter-overrides Architecture=x86_64\n") != 2 ||
		strings.Count(calls, "deploy --config-env prod --region eu-central-1 --no-confirm-changeset\n") != 2 {
		t.Errorf("SAM was called as\n%s", calls)
	}
	if !strings.Contains(printed, "\n  git pull --rebase --autostash && make deploy ENV=prod\n") || strings.Contains(printed, "reach nobody") {
		t.Errorf("whom alarms reach is not known:\n%s", printed)
	}

	l.mustDeploy("ENV=prod", "PARAMETERS=AlarmTopicEmail=")
	l.saves(strings.Replace(kept, "a@example.com", `\"\"`, 1))
}

func TestArchitectureLeavesTheOtherParametersAsTheyAre(t *testing.T) {
	l := newLaptop(t)
	_, calls := l.mustDeploy("ARCHITECTURE=x86_64")
	l.saves(`parameter_overrides = "Architecture=x86_64 LogRetentionDays=7 ArchiveProtection=none ArchiveColdDays=0 Archive=firehose"`,
		`parameter_overrides = "Architecture=arm64 LogRetentionDays=90"`)
	if calls[0] != "build --config-env dev --parameter-overrides Architecture=x86_64" || strings.Contains(calls[1], "parameter") {
		t.Errorf("SAM was called as %q", calls)
	}
}

func TestWhatSAMItselfHasSavedIsUnderstood(t *testing.T) {
	l := newLaptop(t)
	l.write("repo/samconfig.toml", `[dev.global.parameters]
stack_name="trunkline-dev" # ours
[dev.deploy.parameters]
capabilities = "CAPABILITY_IAM"
region = "eu-west-1"
parameter_overrides = "Architecture=\"x86_64\" DomainName=\"\" LogRetentionDays=\"7\""
[prod.global.parameters]
region = "us-east-1"
`)
	l.mustDeploy()
	l.saves(`region = "eu-west-1"`, `region = "us-east-1"`, `stack_name="trunkline-dev" # ours`,
		`capabilities = "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"`,
		`parameter_overrides = "Architecture=x86_64 DomainName=\"\" LogRetentionDays=7 Archive=firehose"`)
}

func TestWhatIsMissingIsSaidBeforeAnythingIsBuiltOrSaved(t *testing.T) {
	for name, c := range map[string]struct {
		environment, variables []string
		spoil                  func(l laptop)
		want                   string
	}{
		"no SAM":              {ready(), nil, func(l laptop) { os.Remove(filepath.Join(l.home, "bin/sam")) }, "sam is missing: install AWS SAM CLI, https://"},
		"no Go":               {ready(), nil, func(l laptop) { os.Remove(filepath.Join(l.home, "bin/go")) }, "go is missing: install Go"},
		"no credentials":      {[]string{"AWS_REGION=eu-central-1"}, nil, nil, "there are no credentials for AWS: run aws configure"},
		"expired credentials": {[]string{"AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=old"}, nil, nil, "renew your credentials"},
		"no region":           {[]string{"AWS_ACCESS_KEY_ID=a"}, nil, nil, "there is no region: set one, such as AWS_REGION=eu-central-1"},
		"no such region":      {[]string{"AWS_ACCESS_KEY_ID=a", "AWS_REGION=Frankfurt"}, nil, nil, "but not Frankfurt"},
		"no such environment": {ready(), []string{"ENV=test"}, nil, "samconfig.toml has no ENV=test"},
		"no environment":      {ready(), []string{"ENV=.*"}, nil, "ENV is a name such as dev or prod"},
		"no such parameter":   {ready(), []string{"PARAMETERS=Zone=UTC"}, nil, "template.yaml has no parameter Zone"},
		"no parameter":        {ready(), []string{"PARAMETERS=DefaultZone UTC"}, nil, "parameters are given as Name=value, but not DefaultZone"},
		"a parameter that ends the text of the file": {ready(), []string{`PARAMETERS=DefaultZone=U"TC`}, nil, "but not DefaultZone=U"},
		"no such architecture":                       {ready(), []string{"ARCHITECTURE=amd64"}, nil, "ARCHITECTURE is arm64 or x86_64, but not amd64"},
		"parameters as a list": {ready(), nil, func(l laptop) {
			l.write("repo/samconfig.toml", "[dev.global.parameters]\nstack_name = \"a\"\nparameter_overrides = [\"DefaultZone=UTC\"]\n")
		}, "parameter_overrides in samconfig.toml must be text in double quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLaptop(t)
			if c.spoil != nil {
				c.spoil(l)
			}
			before := l.read("repo/samconfig.toml")
			printed, err := l.deploy(c.environment, c.variables...)
			if err == nil || !strings.Contains(printed, "make deploy: ") || !strings.Contains(printed, c.want) {
				t.Errorf("%v: %s", err, printed)
			}
			if calls := l.read("calls"); strings.Contains(calls, "build") || strings.Contains(calls, "deploy ") {
				t.Errorf("SAM was called as\n%s", calls)
			}
			if l.read("repo/samconfig.toml") != before {
				t.Error("samconfig.toml was changed")
			}
		})
	}
}

func TestADeploymentThatFailsSaysSoAndKeepsWhatItWasGiven(t *testing.T) {
	l := newLaptop(t)
	l.write("broken", "")
	printed, err := l.deploy(ready(), "PARAMETERS=DefaultZone=Europe/Berlin")
	if err == nil || !strings.Contains(printed, "trunkline-dev was not deployed") || strings.Contains(printed, "The stack") {
		t.Errorf("%v: %s", err, printed)
	}
	l.saves(`region = "eu-central-1"`, // make teardown needs it
		`parameter_overrides = "Architecture=arm64 LogRetentionDays=7 ArchiveProtection=none ArchiveColdDays=0 DefaultZone=Europe/Berlin Archive=firehose"`)
}

func TestAnUpgradeThatFailsDoesNotAdviseToDeleteTheStack(t *testing.T) {
	for _, upgrade := range []bool{false, true} {
		l := newLaptop(t)
		if upgrade {
			l.mustDeploy()
		}
		l.write("broken", "")
		printed, err := l.deploy(ready())
		if err == nil || strings.Contains(printed, "make teardown ENV=dev") == upgrade {
			t.Errorf("upgrade %t: %v: %s", upgrade, err, printed)
		}
	}
}
