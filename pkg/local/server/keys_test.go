package server

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"trunkline/pkg/local"
)

func TestKeysThatBecomeUnreadableBeforeTheFirstPushStayInUse(t *testing.T) {
	data := t.TempDir()
	s := open(t, Config{Folder: data, Getenv: func(string) string { return "" }})
	s.Serve()
	defer s.Stop()
	url := s.URL + "/v1/pbx/" + string(hangingUp) + "/" + s.Keys.Sign(hangingUp, 1).Reveal()
	if err := os.Rename(local.KeysPath(data), local.KeysPath(data)+"-20261123"); err != nil {
		t.Fatal(err)
	}
	s.reloadKeys(t.Context())
	r, err := http.Post(url, "", strings.NewReader("{event:'hangup', uniqueid:'1'}"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("the URL is answered %d", r.StatusCode)
	}
}
