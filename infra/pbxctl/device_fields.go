package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// deviceFields are all that can be set for a PBX: the columns of a fleet's CSV file after the
// MAC, each by the name of its member in JSON.
var deviceFields = []field[store.Device]{
	deviceField("name", func(d store.Device) string { return d.Name }, setName),
	deviceField("site", func(d store.Device) string { return d.Site }, setSite),
	deviceField("zone", func(d store.Device) string { return d.Zone.String() }, setZone),
	deviceField("sla_threshold_seconds", func(d store.Device) string { return d.ServiceLevel.String() }, setServiceLevel),
	deviceField("short_abandon_seconds", func(d store.Device) string { return d.ShortAbandon.String() }, setShortAbandon),
	deviceField("talk_includes_hold", func(d store.Device) string { return yesOrNo(d.TalkIncludesHold) }, setTalkIncludesHold),
	deviceField("aliases", func(d store.Device) string { return printedAll(d.Aliases) }, setAliases),
	deviceField("disabled", func(d store.Device) string { return yesOrNo(d.Disabled) }, setDisabled),
	deviceField("min_generation", func(d store.Device) string { return generationCell(d.MinGeneration) }, setMinGeneration),
	deviceField("replaces", func(d store.Device) string { return printedAll(knownOf(d.Replaces)) }, setReplaces),
	deviceField("replaces_from", func(d store.Device) string { return d.ReplacesFrom.String() }, setReplacesFrom),
}

// deviceField is a field whose text is what stands there where it can't be read, until it is set.
func deviceField(head string, get func(store.Device) string, set func(*store.Device, string) error) field[store.Device] {
	return field[store.Device]{
		head,
		func(d store.Device) string {
			if d.Check(head) != nil {
				return d.Unreadable.Text(head)
			}
			return get(d)
		},
		func(d *store.Device, text string) error {
			if err := set(d, text); err != nil {
				return err
			}
			d.Unreadable = d.Unreadable.Without(head)
			return nil
		},
	}
}

// setting is the field of a name.
func setting(head string) field[store.Device] {
	return deviceFields[slices.IndexFunc(deviceFields, func(f field[store.Device]) bool { return f.head == head })]
}

func deviceHeads() []string { return append([]string{"mac"}, headsOf(deviceFields)...) }

func setName(d *store.Device, s string) error {
	d.Name = s
	return store.CheckName(s)
}

func setSite(d *store.Device, s string) error {
	d.Site = s
	return store.CheckName(s)
}

func setZone(d *store.Device, s string) error { return d.Zone.UnmarshalText([]byte(s)) }

func setServiceLevel(d *store.Device, s string) error { return setSeconds(&d.ServiceLevel, s) }

func setShortAbandon(d *store.Device, s string) error { return setSeconds(&d.ShortAbandon, s) }

// setSeconds sets a threshold; empty: the default.
func setSeconds(threshold *pbx.Int, s string) error {
	*threshold = pbx.Int{}
	if s == "" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > store.MaxThreshold {
		return fmt.Errorf("%.40s is not a number of seconds from 0 to %d", s, store.MaxThreshold)
	}
	*threshold = pbx.IntOf(n)
	return nil
}

func setTalkIncludesHold(d *store.Device, s string) error { return setYesOrNo(&d.TalkIncludesHold, s) }

func setDisabled(d *store.Device, s string) error { return setYesOrNo(&d.Disabled, s) }

func yesOrNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func setYesOrNo(b *bool, s string) error {
	switch strings.ToLower(s) {
	case "yes", "true", "1":
		*b = true
	case "no", "false", "0", "":
		*b = false
	default:
		return fmt.Errorf("%.40q is not yes or no", s)
	}
	return nil
}

// aliasesAtMost is more than any PBX has replaced.
const aliasesAtMost = 100

// setAliases sets MACs with blanks, commas or semicolons between them.
func setAliases(d *store.Device, s string) error {
	d.Aliases = nil
	for _, text := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,;", r) }) {
		mac, err := pbx.ParseMAC(text)
		if err != nil {
			return err
		}
		d.Aliases = append(d.Aliases, mac)
	}
	slices.Sort(d.Aliases)
	d.Aliases = slices.Compact(d.Aliases)
	if len(d.Aliases) > aliasesAtMost {
		return fmt.Errorf("a PBX has at most %d aliases, and these are %d", aliasesAtMost, len(d.Aliases))
	}
	return nil
}

// knownOf are those that are known of some.
func knownOf(some ...pbx.MAC) []pbx.MAC {
	return slices.DeleteFunc(some, func(mac pbx.MAC) bool { return mac == "" })
}

// printedAll are MACs as on labels, with blanks between them.
func printedAll(all []pbx.MAC) string {
	texts := make([]string, len(all))
	for i, mac := range all {
		texts[i] = printed(mac)
	}
	return strings.Join(texts, " ")
}

// generationCell is the least generation that opens; empty: all do.
func generationCell(g uint32) string {
	if g == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(g), 10)
}

func setMinGeneration(d *store.Device, s string) error {
	d.MinGeneration = 0
	if s == "" {
		return nil
	}
	least, err := token.ParseGeneration(s)
	d.MinGeneration = uint32(least)
	return err
}

func setReplaces(d *store.Device, s string) (err error) {
	if d.Replaces = ""; s != "" {
		d.Replaces, err = pbx.ParseMAC(s)
	}
	return err
}

func setReplacesFrom(d *store.Device, s string) error { return d.ReplacesFrom.UnmarshalText([]byte(s)) }
