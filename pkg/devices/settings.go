package devices

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trunkline/pkg/naming"
	"trunkline/pkg/pbx"
	"trunkline/pkg/store"
	"trunkline/pkg/token"
)

// Settings returns everything that can be set for a PBX, by the JSON names of the members.
func Settings() Fields[store.Device] {
	return Fields[store.Device]{
		setting("name", func(d store.Device) string { return d.Name }, setName),
		setting("site", func(d store.Device) string { return d.Site }, setSite),
		setting("zone", func(d store.Device) string { return d.Zone.String() }, setZone),
		setting("sla_threshold_seconds", func(d store.Device) string { return d.ServiceLevel.String() }, setServiceLevel),
		setting("short_abandon_seconds", func(d store.Device) string { return d.ShortAbandon.String() }, setShortAbandon),
		setting("talk_includes_hold", func(d store.Device) string { return YesOrNo(d.TalkIncludesHold) }, setTalkIncludesHold),
		setting("aliases", func(d store.Device) string { return printedAll(d.Aliases) }, setAliases),
		setting("disabled", func(d store.Device) string { return YesOrNo(d.Disabled) }, setDisabled),
		setting("min_generation", func(d store.Device) string { return generationText(d.MinGeneration) }, setMinGeneration),
		setting("replaces", func(d store.Device) string { return printedAll(knownOf(d.Replaces)) }, setReplaces),
		setting("replaces_from", func(d store.Device) string { return d.ReplacesFrom.String() }, setReplacesFrom),
	}
}

// setting returns a field of a setting. If the setting can't be read, the field shows the stored text until
// it is set.
func setting(name string, get func(store.Device) string, set func(*store.Device, string) error) Field[store.Device] {
	return Field[store.Device]{
		name,
		func(d store.Device) string {
			if d.Check(name) != nil {
				return d.Unreadable.Text(name)
			}
			return get(d)
		},
		func(d *store.Device, text string) error {
			if err := set(d, text); err != nil {
				return err
			}
			d.Unreadable = d.Unreadable.Without(name)
			return nil
		},
	}
}

// Setting is the one of Settings of a name, which must be one of them.
func Setting(name string) Field[store.Device] {
	all := Settings()
	return all[slices.IndexFunc(all, func(f Field[store.Device]) bool { return f.Name == name })]
}

func setName(d *store.Device, s string) error {
	d.Name = s
	return naming.CheckName(s)
}

func setSite(d *store.Device, s string) error {
	d.Site = s
	return naming.CheckName(s)
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
	if err != nil || n < 0 || n > naming.MaxThreshold {
		return fmt.Errorf("%.40s is not a number of seconds from 0 to %d", s, naming.MaxThreshold)
	}
	*threshold = pbx.IntOf(n)
	return nil
}

func setTalkIncludesHold(d *store.Device, s string) error { return setYesOrNo(&d.TalkIncludesHold, s) }

func setDisabled(d *store.Device, s string) error { return setYesOrNo(&d.Disabled, s) }

// YesOrNo returns the text of a setting that is on or off.
func YesOrNo(b bool) string {
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

// MaxAliases is the most aliases of a PBX. No PBX has replaced that many.
const MaxAliases = 100

// setAliases sets MACs, which are separated by blanks, commas or semicolons.
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
	if len(d.Aliases) > MaxAliases {
		return fmt.Errorf("a PBX has at most %d aliases, and these are %d", MaxAliases, len(d.Aliases))
	}
	return nil
}

// knownOf returns the MACs that are not empty.
func knownOf(some ...pbx.MAC) []pbx.MAC {
	return slices.DeleteFunc(some, func(mac pbx.MAC) bool { return mac == "" })
}

// Label returns a MAC as printed on labels. Spreadsheets may read 12 digits, or 11 and an e, as a number.
func Label(mac pbx.MAC) string {
	var b strings.Builder
	for i := 0; i < len(mac); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(string(mac[i : i+2]))
	}
	return b.String()
}

// printedAll returns MACs as printed on labels, separated by blanks.
func printedAll(all []pbx.MAC) string {
	texts := make([]string, len(all))
	for i, mac := range all {
		texts[i] = Label(mac)
	}
	return strings.Join(texts, " ")
}

// generationText returns the lowest valid generation; empty: all are valid.
func generationText(g uint32) string {
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

// Aliased is a PBX and the other MACs that its events may name.
type Aliased struct {
	MAC     pbx.MAC   `json:"mac"`
	Aliases []pbx.MAC `json:"aliases"`
}
