package hostile

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"trunkline/pkg/ingest/ingesttest"
	"trunkline/pkg/pbx"
	"trunkline/pkg/token"
)

// A server goes through all that happens to one, and an operator through all commands. Only
// `device url` may print a token, and nothing a key.
func TestNoSecretIsInWhatIsLoggedPrintedOrKept(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var said strings.Builder
	say := func(command string) {
		t.Helper()
		fmt.Fprintln(&said, command, s.pbxctl(t, command))
	}
	vendor := ingesttest.VendorPayloads(t)
	for i, p := range vendor {
		own, other := s.URL(p.MAC, 1), s.URL("0200000000aa", 1)
		for _, url := range []string{
			own, s.URL(p.MAC, token.Generation(i+2)), own + "/", own + "?again=" + s.Keys.Sign(p.MAC, 1).Reveal(), other + "x",
			strings.Replace(own, "/k1-", "/k9-", 1), strings.Replace(other, "0200000000aa", string(p.MAC), 1),
		} {
			_, answer := ingesttest.Post(t, url, p.Body)
			_, refused := ingesttest.Post(t, url, []byte("{event: "))
			_, mismatch := ingesttest.Post(t, url, []byte(with("mac:'0200000000bb'")))
			fmt.Fprintln(&said, answer, refused, mismatch)
		}
	}
	if url := s.pbxctl(t, "device url 68692e0b0001 --base "+s.Base); !secrets(s.Keys)(url) {
		t.Errorf("device url prints %s", url)
	}
	for command := range strings.Lines(whileItRuns) {
		say(strings.ReplaceAll(command, "BASE", s.Base))
	}
	s.stop(t)
	refused := s.archived(t, "quarantine/")[0]
	day := time.Now().UTC().Format(time.DateOnly)
	for command := range strings.Lines(onceItHasStopped) {
		say(strings.NewReplacer("REFUSED", refused, "TODAY", day, "FOLDER", s.path).Replace(command))
	}
	for _, badly := range []string{
		strings.Replace(fleetKeys, ":", "=", 1), strings.Replace(fleetKeys, ":", "", 1), fleetKeys + "," + fleetKeys,
		fleetKeys + ",K2:" + fleetKeys, fleetKeys[:20],
	} {
		s.fleetKeys = badly
		say("serve --addr 127.0.0.1:0")
		say("device url 68692e0b0001 --base http://x")
	}
	s.isFreeOf(t, secrets(s.Keys), said.String()+s.log(t))
}

// The commands of an operator, but for those that print a URL.
const (
	whileItRuns = `calls 68692e0b0001
calls 68692e0b0001 --json
ivr 68692e038b3e
extensions 68692e0b0001
live 68692e050f9a
completeness 68692e0b0001 --day 2018-11-05
device add 0200000000aa
device set 68692e0b0001 --name Reception
device revoke 68692e0b0001
device revoke 68692e0b0001 --json
device disable 68692e0b0001
device enable 68692e0b0001
device alias 68692e0b0001 --alias 0200000000bb
device list
device list --waiting
device remove 0200000000aa --yes
device export
device url 68692e0b0001 --base nowhere
device url 68692e0b0001 --base http://x --generation 1
doctor feed
doctor silence
doctor check --url BASE
doctor check --url BASE --json
keys list
keys rotate
keys retire k1 --yes
quarantine list
quarantine list --json
spill list
serve --addr 127.0.0.1:0`
	onceItHasStopped = `quarantine show REFUSED
quarantine show REFUSED --json
quarantine release --all
replay --day TODAY --into FOLDER
spill redrive
rollup 68692e0b0001 --day 2018-11-05
kpi 68692e0b0001 --day 2018-11-05 --all-rows
kpi explain 68692e0b0001 --day 2018-11-05 --queue 630 --figure offered
kpi restatements 68692e0b0001 --day 2018-11-05
device list --json`
)

// isFreeOf looks for secrets in what was said, and in every file of the folder and its name.
func (f *folder) isFreeOf(t *testing.T, has func(string) bool, said string) {
	t.Helper()
	for line := range strings.Lines(said) {
		if has(line) {
			t.Errorf("a secret is in %.500q", line)
		}
	}
	err := filepath.WalkDir(f.path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Type() == fs.ModeSocket {
			return err
		}
		content, err := os.ReadFile(path)
		if has(path) || has(string(content)) {
			t.Errorf("a secret is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// secrets reports whether a text contains a key in any usual form, or anything like a token. It
// also looks for the codes of the test's tokens, in upper and lower case.
func secrets(keys *token.Keyring) func(text string) bool {
	_, secret, _ := strings.Cut(fleetKeys, ":")
	key := sha256.Sum256([]byte(secret))
	forbidden := []string{
		secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString(key[:]), hex.EncodeToString(key[:]),
	}
	for _, mac := range []pbx.MAC{honest, "68692e050f9a", "68692e038b3e", "0200000000aa"} {
		for g := range token.Generation(9) {
			text := keys.Sign(mac, g+1).Reveal()
			forbidden = append(forbidden, text[strings.LastIndexByte(text, '-')+1:])
		}
	}
	written := regexp.MustCompile(`-[0-9]+-[a-z2-7]{26}\b`)
	return func(text string) bool {
		lower := strings.ToLower(text)
		return written.MatchString(lower) || slices.ContainsFunc(forbidden, func(each string) bool {
			return strings.Contains(lower, strings.ToLower(each))
		})
	}
}
