package main

import (
	"reflect"

	"github.com/alecthomas/kong"

	"trunkline/pkg/pbx"
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
