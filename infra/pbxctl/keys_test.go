package main

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"trunkline/pkg/cloud/cloudtest"
	"trunkline/pkg/local"
	"trunkline/pkg/token"
)

// unknownUsers is what is said where no records are named.
const unknownUsers = "It is not known which PBXs still use the key: give --stack NAME to see them.\n"

// rotates runs keys commands as an operator does, wherever they are kept; unknown is what is
// said of who uses a key.
func rotates(t *testing.T, unknown string, place ...string) {
	t.Helper()
	keys := func(args ...string) (string, int) {
		t.Helper()
		out, code := examine(t, nil, time.Now, append(append([]string{"keys"}, args...), place...)...)
		if regexp.MustCompile(`[A-Za-z0-9]{26}`).MatchString(out) {
			t.Errorf("a key is shown: %s", out)
		}
		return out, code
	}
	for _, step := range []struct {
		args, want string
		code       int
	}{
		{"list", "KEY  ITS URLS\nk1   valid; new ones are signed by it\n", 0},
		{"retire k1 --yes", "pbxctl: retire k1: the key still signs URLs; rotate the keys first\n", exitFailed},
		{"rotate", "KEY  ITS URLS\nk2   valid; new ones are signed by it\nk1   valid\n", 0},
		{"retire k2 --yes", "pbxctl: retire k2: the key still signs URLs; rotate the keys first\n", exitFailed},
		{"retire k3 --yes", "pbxctl: there is no key \"k3\"; the keys are k2, k1\n", exitFailed},
		{"retire k1", unknown + "pbxctl: PBXs may be refused: give --yes where nobody can be asked\n", exitFailed},
		{"list --json", `{"kid":"k2","signs":true}` + "\n" + `{"kid":"k1","signs":false}` + "\n", 0},
		{"retire k1 --yes", "KEY  ITS URLS\nk2   valid; new ones are signed by it\n" + unknown, 0},
		{"rotate --json", `{"kid":"k3","signs":true}` + "\n" + `{"kid":"k2","signs":false}` + "\n", 0},
	} {
		if out, code := keys(strings.Fields(step.args)...); out != step.want || code != step.code {
			t.Errorf("pbxctl keys %s: exit %d\n%s\nwant\n%s", step.args, code, out, step.want)
		}
	}
}

func TestKeysOfAFolderAreRotatedAndRetired(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	makeKeys(t, data)
	rotates(t, "", "--data", data)
	if info, err := os.Stat(local.KeysPath(data)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestKeysOfASecretAreRotatedAndRetired(t *testing.T) {
	aws := cloudtest.New(t)
	rotates(t, unknownUsers, "--secret", "keys")
	if len(aws.Secret.Stages) != 1 {
		t.Errorf("stages are left: %v", aws.Secret.Stages)
	}
}

func TestASecretThatSomebodyElseChangedIsLeftAlone(t *testing.T) {
	aws := cloudtest.New(t)
	aws.Secret.Meanwhile = func() {
		aws.Secret.Texts = append(aws.Secret.Texts, strings.ReplaceAll(cloudtest.ExampleSecret, "k1", "k7"))
		aws.Secret.Stages[cloudtest.StageCurrent] = len(aws.Secret.Texts) - 1
	}
	out, code := examine(t, nil, time.Now, "keys", "rotate", "--secret", "keys")
	if code != exitFailed || !strings.Contains(out, "somebody else changed them at the same time") {
		t.Errorf("exit %d: %s", code, out)
	}
	if out, _ := examine(t, nil, time.Now, "keys", "list", "--secret", "keys"); !strings.Contains(out, "k7") || strings.Contains(out, "k1") {
		t.Error(out)
	}
}

func TestARotationWhoseAnswerIsLostHasHappened(t *testing.T) {
	aws := cloudtest.New(t)
	aws.Secret.Meanwhile = func() { aws.Secret.Stages[cloudtest.StageCurrent] = aws.Secret.Stages[cloudtest.StagePending] }
	if out, code := examine(t, nil, time.Now, "keys", "rotate", "--secret", "keys"); code != 0 || !strings.Contains(out, "k2   valid; new") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestKeysOfAFolderAreNotLostAmongThoseWhoChangeThem(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	makeKeys(t, data)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := local.ChangeKeys(data, func(s *token.Secrets) error { _, err := s.Rotate(token.NewSecret()); return err }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if keys, err := local.ReadSecrets(data); err != nil || len(keys.KIDs()) != 9 {
		t.Errorf("%v, %v", keys, err)
	}
	err := local.ChangeKeys(data, func(s *token.Secrets) error {
		return os.WriteFile(local.KeysPath(data), []byte("k1:"+token.NewSecret()), 0o600)
	})
	if err == nil || !strings.Contains(err.Error(), "was edited: ") {
		t.Error(err)
	}
}

func TestKeysOfTheEnvironmentAreNotRotatedInAFolder(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	makeKeys(t, data)
	out, code := examine(t, map[string]string{"FLEET_KEYS": fleetKeys}, time.Now, "keys", "rotate", "--data", data)
	if code != exitFailed || !strings.Contains(out, "change FLEET_KEYS itself") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestARunningServerKnowsKeysAsTheyAreRotated(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := serveHere(t, newProgram(t.Context(), io.Discard, io.Discard, func(string) string { return "" }, time.Now), data)
	defer s.Stop()
	post := func(url string) int {
		t.Helper()
		r, err := http.Post(url, "", strings.NewReader("{event:'hangup', uniqueid:'1'}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	url := func() string {
		t.Helper()
		got := run(t, "", "device", "url", demoMAC, "--base", s.URL, "--data", data)
		return strings.TrimSpace(got.out)
	}
	old := url()
	if got := run(t, "", "keys", "rotate", "--data", data); got.code != 0 {
		t.Fatal(got.errs)
	}
	fresh := url()
	lastEventBy := func(key string) {
		t.Helper()
		out := run(t, "", "device", "list", "--json", "--data", data).out
		if !strings.Contains(out, `"kid":"`+key+`"`) {
			t.Errorf("no PBX used a URL of %s: %s", key, out)
		}
	}
	if status := post(old); status != 200 || old == fresh {
		t.Errorf("the old URL is answered %d", status)
	}
	lastEventBy("k1")
	if got := run(t, "", "keys", "retire", "k1", "--data", data); got.code != exitFailed || !strings.Contains(got.errs, "68692e0b0001 used a URL of k1 until ") {
		t.Errorf("exit %d: %s", got.code, got.errs)
	}
	time.Sleep(2 * time.Millisecond) // receipts of the same millisecond are one to the records
	if status := post(fresh); status != 200 {
		t.Errorf("the new URL is answered %d", status)
	}
	lastEventBy("k2")
	if got := run(t, "", "keys", "retire", "k1", "--yes", "--data", data); got.code != 0 || got.errs != "" {
		t.Errorf("exit %d: %s", got.code, got.errs)
	}
}
