package pbx

import "strings"

// Direction is which way a call goes, seen from the PBX.
type Direction string

// The directions. UnknownDirection is for call types that are not recognised.
const (
	Inbound          Direction = "inbound"
	Outbound         Direction = "outbound"
	Internal         Direction = "internal"
	UnknownDirection Direction = "unrecognised"
)

// DirectionOf reads a call type: IN, incoming or inbound; OUT, outgoing or outbound;
// internal or nothing. Case and blanks around it do not matter.
func DirectionOf(callType string) Direction {
	switch strings.ToLower(Trim(callType)) {
	case "in", "incoming", "inbound":
		return Inbound
	case "out", "outgoing", "outbound":
		return Outbound
	case "internal", "":
		return Internal
	}
	return UnknownDirection
}
