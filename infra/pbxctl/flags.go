package main

import (
	"path/filepath"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"trunkline/pkg/pbx"
	"trunkline/pkg/token"
)

// parseMAC reads the value of a flag that is a PBX's MAC, in any usual spelling.
func parseMAC(c *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := c.Scan.PopValueInto("MAC", &text); err != nil {
		return err
	}
	mac, err := pbx.ParseMAC(text)
	target.SetString(string(mac))
	return err
}

// parsePath reads the value of a flag that is a path. It makes the path absolute; - is standard
// input.
func (p *program) parsePath(c *kong.DecodeContext, target reflect.Value) error {
	var path string
	if err := c.Scan.PopValueInto("PATH", &path); err != nil {
		return err
	}
	path, err := p.absolute(path)
	target.SetString(path)
	return err
}

func (p *program) absolute(path string) (string, error) {
	rest, atHome := strings.CutPrefix(path, "~/")
	switch {
	case path == "" || path == "-":
		return path, nil
	case atHome && p.home != "":
		return filepath.Join(p.home, rest), nil
	case p.dir != "" && !filepath.IsAbs(path):
		return filepath.Join(p.dir, path), nil
	}
	return filepath.Abs(path)
}

// generation is the generation of a URL on a command line. 0 means that none was given.
type generation token.Generation

// UnmarshalText implements encoding.TextUnmarshaler.
func (g *generation) UnmarshalText(text []byte) error {
	parsed, err := token.ParseGeneration(string(text))
	*g = generation(parsed)
	return err
}
