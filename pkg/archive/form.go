package archive

import (
	"regexp"
	"strings"

	"trunkline/pkg/pbx"
)

// Form is what an object of raw/ has, as far as its name says.
type Form int

// The forms of objects.
const (
	Shared   Form = iota // lines of any PBXs, perhaps compressed: of a delivery stream, of a server, or merged
	Single               // one envelope
	Delivery             // envelopes of one delivery and kind
	Packed               // compressed lines of one PBX
)

// forms are the names, within the folder of a kind and day, of objects that have one PBX. Each begins
// with its MAC.
var forms = map[Form]*regexp.Regexp{
	Single:   regexp.MustCompile(`^[0-9a-f]{12}-[^/]*\.json$`),
	Delivery: regexp.MustCompile(`^[0-9a-f]{12}-\d{13}-[0-9a-f]{32}\` + deliverySuffix + `$`),
	Packed:   regexp.MustCompile(`^[0-9a-f]{12}\.\d{4}\` + packedSuffix + `$`),
}

// FormOf returns the form of an object of raw/, and the PBX of all its lines; empty for a Shared one.
func FormOf(name string) (Form, pbx.MAC) {
	_, file := folderOf(name)
	for form, names := range forms {
		if names.MatchString(file) {
			return form, pbx.MAC(file[:12])
		}
	}
	return Shared, ""
}

// folderOf cuts the name of an object of raw/ after the folder of its kind and day.
func folderOf(name string) (folder, file string) {
	end := 0
	for range 3 { // raw/, kind=…/, dt=…/
		slash := strings.IndexByte(name[end:], '/')
		if slash < 0 {
			return "", ""
		}
		end += slash + 1
	}
	return name[:end], name[end:]
}
