package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"trunkline/pkg/cloud/cloudtest"
)

// withEnv runs a command with variables, and returns what it says, and its exit code.
func withEnv(t *testing.T, env map[string]string, args string) (string, int) {
	t.Helper()
	return examine(t, env, time.Now, strings.Fields(args)...)
}

func TestAFlagOrAVariableSaysWhereTheDataIs(t *testing.T) {
	data := emptyData(t)
	stack, folder := map[string]string{stackVariable: "trunkline"}, map[string]string{dataVariable: data}
	both := map[string]string{stackVariable: "trunkline", dataVariable: data}
	const two, none = "--data is a folder of this machine, and --stack is on AWS", "where is the data? Give --stack NAME or --data DIR"
	for _, c := range []struct {
		name string
		env  map[string]string
		args string
		want string
		code int
	}{
		{"a flag", nil, "device list --data " + data, "", 0},
		{"a variable", folder, "device list", "", 0},
		{"a flag before a variable", stack, "device list --data " + data, "", 0},
		{"a flag before both variables", both, "device list --data " + data, "", 0},
		{"no place", nil, "device list", none, 2},
		{"two flags", nil, "device list --data x --stack y", two, 2},
		{"a flag and a part of a stack", nil, "device list --data x --table y", two, 2},
		{"two variables", both, "device list", "TRUNKLINE_STACK and TRUNKLINE_DATA are both set: give --stack NAME or --data DIR", 2},
		{"a table without a bucket", nil, "spill list --table t", "where is the archive? Give --stack NAME, or --bucket NAME as well", 2},
		{"a bucket without a table", nil, "spill list --bucket b", "where are the records? Give --stack NAME, or --table NAME as well", 2},
		{"no folder", nil, "doctor clock", "where is the data folder? Give --data DIR, or set TRUNKLINE_DATA", 2},
		{"a folder's variable", folder, "doctor clock", "", 0},
		{"no address", nil, "device url 68692e0b0001 --data " + data, "where do PBXs reach Trunkline? Give --base URL", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("AWS_REGION", "eu-central-1")
			if got, code := withEnv(t, c.env, c.args); code != c.code || !strings.Contains(got, c.want) {
				t.Errorf("pbxctl %s: exit %d, %q", c.args, code, got)
			}
		})
	}
}

func TestAStackNamesTableBucketSecretAndURL(t *testing.T) {
	cloudtest.New(t)
	stack := map[string]string{stackVariable: "trunkline"}
	for _, c := range []struct{ args, want string }{
		{"device list --stack trunkline", ""},
		{"device list", ""},
		{"quarantine list", "Nothing is in quarantine."},
		{"spill list", "Nothing is spilled."},
		{"keys list", "k1"},
		{"device url 68692e0b0001", "/v1/pbx/68692e0b0001/k1-1-"},
	} {
		if got, code := withEnv(t, stack, c.args); code != 0 || !strings.Contains(got, c.want) {
			t.Errorf("pbxctl %s: exit %d, %q", c.args, code, got)
		}
	}
}

func TestAStackThatCannotBeReadIsAnErrorOfItsRegionAndCredentials(t *testing.T) {
	f := cloudtest.New(t)
	f.Broken["DescribeStacks"] = "AccessDenied"
	got, code := withEnv(t, nil, "device list --stack trunkline")
	const want = "pbxctl: --stack trunkline can't be read in region eu-central-1 with credentials from EnvConfigCredentials: the stack trunkline denies cloudformation:DescribeStacks"
	if code != exitFailed || !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 {
		t.Errorf("exit %d, %q", code, got)
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	got, code = withEnv(t, nil, "device list --stack trunkline")
	if code != exitFailed || !strings.Contains(got, "in region eu-central-1") || !strings.Contains(got, "no answer from AWS") {
		t.Errorf("exit %d, %q", code, got)
	}
}

// TestEveryCommandKnowsWhereTheDataIs lists the commands that take no --stack, and those that need no data.
func TestEveryCommandKnowsWhereTheDataIs(t *testing.T) {
	t.Parallel()
	folderOnly := map[string]bool{"serve": true, "demo": true, "keys new": true, "doctor clock": true, "simulate run": true}
	for _, leaf := range leaves(t) {
		flags := map[string]bool{}
		for _, group := range leaf.AllFlags(true) {
			for _, flag := range group {
				flags[flag.Name] = true
			}
		}
		name := strings.TrimPrefix(leaf.FullPath(), "pbxctl ")
		if name == "version" || name == "completion" {
			continue // which need no data
		}
		if !flags["data"] || flags["stack"] == folderOnly[name] {
			t.Errorf("%s: --data %v, --stack %v", name, flags["data"], flags["stack"])
		}
	}
}

// leaves are all commands that do something.
func leaves(t *testing.T) []*kong.Node {
	t.Helper()
	p := newProgram(t.Context(), nil, nil, func(string) string { return "" }, time.Now)
	return p.parser(&commands{}).Model.Leaves(false)
}

func TestAFlagOfAServerStandsBeforeDashes(t *testing.T) {
	t.Parallel()
	got := withFlag([]string{"quarantine", "discard", "--", "quarantine/x"}, "--data=x")
	if want := []string{"quarantine", "discard", "--data=x", "--", "quarantine/x"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}
