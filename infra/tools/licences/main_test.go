package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const mit = `MIT License

Copyright (c) 2026 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`

func TestALicenceIsReadFromItsText(t *testing.T) {
	m := module{Path: "example.com/m", Dir: t.TempDir()}
	if found, err := m.licences(); err != nil || check(m, found) == nil {
		t.Errorf("a module without a licence: %q, %v", found, err)
	}
	if err := os.WriteFile(filepath.Join(m.Dir, "LICENSE"), []byte(mit), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := m.licences()
	if err != nil || !slices.Equal(found, []string{"MIT"}) || check(m, found) != nil {
		t.Errorf("%q, %v", found, err)
	}
}

func TestALicenceThatAsksForMoreIsRefused(t *testing.T) {
	for _, licence := range []string{"GPL-3.0", "AGPL-3.0", "MPL-2.0", "SSPL-1.0"} {
		if err := check(module{Path: "example.com/m"}, []string{"MIT", licence}); err == nil || !strings.Contains(err.Error(), licence) {
			t.Errorf("%s: %v", licence, err)
		}
	}
}
